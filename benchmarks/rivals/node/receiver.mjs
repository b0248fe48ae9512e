// A receiver as people write it in Node: ws, JSON.parse, Buffer and sharp.
//
// `node receiver.mjs N` prints the port that it listens on, and `done` after every N pictures.

import sharp from "sharp";
import { WebSocketServer } from "ws";

const every = Number(process.argv[2]);
let count = 0;
const waiting = [];
let busy = false;

async function work() {
  busy = true;
  while (waiting.length) {
    const event = JSON.parse(waiting.shift());
    if (event.event !== "video_separate_png.data") continue;
    const png = Buffer.from(event.data.data.buffer, "base64");
    const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    if (!data.length) throw new Error("no pixels");
    count += 1;
    if (count % every === 0) console.log("done");
  }
  busy = false;
}

sharp.concurrency(1);
sharp.cache(false);
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 16 * 2 ** 20 });
server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket) =>
  socket.on("message", (message) => {
    waiting.push(message);
    if (!busy) work();
  }),
);
