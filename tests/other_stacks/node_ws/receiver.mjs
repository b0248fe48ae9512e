// A receiver as people write it in Node: `ws` with its defaults (messages up to 100 MiB).

import { createHash } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const { values } = parseArgs({
  options: { port: { type: "string", default: "0" }, out: { type: "string" } },
});

const counts = { connections: 0, messages: 0, frames: [] };

function write() {
  writeFileSync(`${values.out}.new`, JSON.stringify(counts));
  renameSync(`${values.out}.new`, values.out);
}

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(values.port) });

server.on("listening", () => console.log(`listening ${server.address().port}`));

function keep(text) {
  const { event, data } = JSON.parse(text.toString());
  if (event !== "video_separate_png.data") return;
  const frame = data.data;
  const png = Buffer.from(frame.buffer, "base64");
  counts.frames.push([
    data.recording.id,
    frame.participant.id,
    frame.type,
    frame.timestamp.relative,
    createHash("sha256").update(png).digest("hex"),
  ]);
}

server.on("connection", (socket) => {
  counts.connections += 1;
  socket.on("message", (text) => {
    counts.messages += 1;
    try {
      keep(text);
    } catch (error) {
      console.error(`message ${counts.messages}: ${error.message}`);
    }
  });
  socket.on("error", (error) => console.error(`connection: ${error.message}`));
  socket.on("close", write);
});

process.on("SIGTERM", () => {
  server.close(() => {
    write();
    process.exit(0);
  });
  setTimeout(() => server.clients.forEach((socket) => socket.terminate()), 3000);
});
