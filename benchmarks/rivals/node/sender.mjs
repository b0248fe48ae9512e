// A sender as people write it in Node: ws, Buffer.toString("base64") and JSON.stringify.
//
// `node sender.mjs URL PICTURE SECONDS` prints how many messages left a second.

import { readFileSync } from "node:fs";
import WebSocket from "ws";

const [url, file, seconds] = process.argv.slice(2);
const png = readFileSync(file);
const socket = new WebSocket(url, { perMessageDeflate: false });

socket.on("open", async () => {
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < Number(seconds) * 1000) {
    const message = JSON.stringify({
      event: "video_separate_png.data",
      data: {
        data: {
          buffer: png.toString("base64"),
          timestamp: { relative: count / 2 },
          type: "webcam",
        },
      },
    });
    await new Promise((sent) => socket.send(message, sent));
    count += 1;
  }
  console.log(count / ((performance.now() - started) / 1000));
  socket.terminate();
});
