// A Node receiver with a bug of a given name, or with none:
//
//     node receiver.mjs BUG --port PORT
//
// It says `frame PARTICIPANT TYPE RELATIVE` of every frame that it keeps. What `clean` refuses it leaves
// out, and takes the next message; every bug changes one thing.

import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: "string", default: "0" } },
});
const bug = positionals[0] ?? "clean";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const LARGEST = 16 * 2 ** 20;

class Refused extends Error {}

function check(condition, why) {
  if (!condition) throw new Refused(why);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Names as a log shows them: each with its initials.
function initials(name) {
  if (bug === "name-is-a-string") return name.split(" ")[0];
  return typeof name === "string" ? name.split(" ")[0] : "";
}

// Standard base64, padded.
function decoded(text) {
  check(typeof text === "string", "buffer");
  if (bug === "catastrophic-regex") {
    // Nested quantifiers: a character that does not fit, at the end, is tried in 2**n ways.
    check(/^([A-Za-z0-9+/]+)*={0,2}$/.test(text), "base64");
  }
  check(/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "base64");
  return Buffer.from(text, "base64");
}

// Width and height, found by walking the chunks.
function size(png) {
  check(png.subarray(0, 8).equals(SIGNATURE), "signature");
  let at = 8;
  let found = null;
  while (at + 12 <= png.length) {
    const length = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    if (bug === "trusts-length") {
      // Room for what the chunk says that it holds, without a look at what there is.
      png.copy(Buffer.alloc(Math.min(length, 5 * 2 ** 26)).fill(1), 0, at + 8);
    }
    check(at + 12 + length <= png.length, "chunk length");
    if (kind === "IHDR" && length === 13) {
      found = [png.readUInt32BE(at + 8), png.readUInt32BE(at + 12)];
    }
    if (kind === "IEND") break;
    at += 12 + length;
  }
  check(found !== null && found[0] > 0 && found[1] > 0, "IHDR");
  check(found[0] * found[1] <= 2 ** 26, "pixels");
  return found;
}

function keep(message) {
  check(isObject(message), "message");
  if (message.event !== "video_separate_png.data") return;
  const frame = message.data?.data;
  check(isObject(frame) && isObject(frame.participant), "frame");
  check(isObject(frame.timestamp) && Number.isFinite(frame.timestamp.relative), "timestamp");
  check(Number.isSafeInteger(frame.participant.id), "participant");
  check(isObject(message.data.recording), "recording");
  initials(frame.participant.name);
  size(decoded(frame.buffer));
  console.log(`frame ${frame.participant.id} ${frame.type} ${frame.timestamp.relative}`);
}

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(values.port),
  maxPayload: LARGEST,
});

server.on("listening", () => console.log(`listening ${server.address().port}`));

server.on("connection", (socket) => {
  let deaf = false;
  socket.on("error", () => {});
  socket.on("message", (text) => {
    if (deaf) return;
    const parsed = bug === "dies-of-bad-json" ? JSON.parse(text.toString()) : null;
    try {
      keep(parsed ?? JSON.parse(text.toString()));
    } catch (error) {
      if (bug === "closes-on-base64" && error.message === "base64") {
        socket.close(1008, "base64");
      }
      // One bad base64, and the stream is taken for broken: nothing is kept from then on.
      if (bug === "deaf-after-base64" && error.message === "base64") deaf = true;
      if (bug === "name-is-a-string" && error instanceof TypeError) throw error;
    }
  });
});
