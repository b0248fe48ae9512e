// Parses messages, decodes their pictures and writes them down, off the event loop that has to
// answer pings. Posts back, for each message in its turn, what was wrong with it; null if nothing.

import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { PNG } from "pngjs";

const FRAME = "video_separate_png.data";
const TYPES = ["webcam", "screenshare"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_PIXELS = 4096 * 4096;
const SIZE_AT = 16; // where a PNG file has its width and height, in its first chunk

function keep(message) {
  const event = JSON.parse(Buffer.from(message).toString());
  if (event.event !== FRAME) return;
  const recording = event.data.recording.id;
  const { buffer, participant, timestamp, type } = event.data.data;
  if (!UUID.test(recording) || !Number.isInteger(participant.id) || !TYPES.includes(type))
    throw new Error(`no such stream: ${recording}, ${participant.id}, ${type}`);
  if (typeof buffer !== "string" || typeof timestamp.relative !== "number")
    throw new Error("no picture, or no time");
  const png = Buffer.from(buffer, "base64");
  if (png.readUInt32BE(SIZE_AT) * png.readUInt32BE(SIZE_AT + 4) > MAX_PIXELS)
    throw new Error("too many pixels");
  PNG.sync.read(png); // your own work on the pixels goes here
  const digest = createHash("sha256").update(png).digest("hex").slice(0, 16);
  const stream = join(workerData.folder, recording, `${participant.id}-${type}`);
  mkdirSync(stream, { recursive: true });
  const file = join(stream, `${timestamp.relative.toFixed(6).padStart(13, "0")}-${digest}`);
  writeFileSync(`${file}.part`, png);
  renameSync(`${file}.part`, `${file}.png`);
}

parentPort.on("message", (message) => {
  let problem = null;
  try {
    if (message !== null) keep(message);
  } catch (error) {
    problem = error.message; // one bad message ends neither connection nor meeting
  }
  parentPort.postMessage(problem);
});
