// Sends the message beside this file to a websocket receiver, and says what becomes of it.
//
//     npm install ws && node reproduce.mjs [URL]
//
// Exit codes: 0 the receiver took it, 1 it went wrong, 3 nobody answers at URL, or this script can't
// see what went wrong.

import { readFileSync } from "node:fs";
import WebSocket from "ws";

const beside = (name) => readFileSync(new URL(name, import.meta.url));
const finding = JSON.parse(beside("finding.json"));
const url = process.argv[2] ?? finding.target;
const GRACE = 500; // milliseconds for a handler that stumbles after its library has answered a ping

// Opens a link, calls `send` with it, and waits for a pong: "", or what went wrong.
function exchange(send) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    let opened = false;
    const end = (words) => {
      clearTimeout(timer);
      socket.terminate();
      resolve({ opened, words });
    };
    let timer = setTimeout(() => end("it hangs: no handshake"), 10_000);
    socket.on("error", (error) => end(opened ? `it drops the link: ${error.message}` : error.message));
    socket.on("close", (code) => end(`it drops the link: ${code}`));
    socket.on("pong", () => {
      clearTimeout(timer);
      timer = setTimeout(() => end(""), GRACE);
    });
    socket.on("open", () => {
      opened = true;
      clearTimeout(timer);
      const words = `it hangs: no pong within ${finding.timeout} s`;
      timer = setTimeout(() => end(words), finding.timeout * 1000);
      send(socket);
      socket.ping();
    });
  });
}

const next = (socket) => socket.send(beside("next.json").toString());
const mayClose = finding.expect === "may refuse";

const first = await exchange((socket) => {
  const data = beside(finding.file);
  if (finding.sent_as === "text") socket.send(data.toString());
  else if (finding.sent_as === "binary") socket.send(data);
  else socket._socket.write(data); // whole websocket frames, as they are
  if (!(mayClose && finding.sent_as === "frames")) next(socket);
});
console.log(finding.what);
if (!first.opened) {
  console.log(`nobody answers at ${url}: ${first.words}`);
  process.exit(3);
}
const after = await exchange(next);
const words = [mayClose ? "" : first.words, after.words && `the next link: ${after.words}`]
  .filter(Boolean)
  .join("; ");
if (words) {
  console.log(words);
  process.exit(1);
}
if (["lost", "grew"].includes(finding.outcome)) {
  const frame = finding.error === "this frame" ? finding.file : "next.json";
  console.log(`the link stands; look for yourself whether the frame of ${frame} got through`);
  process.exit(3);
}
console.log("the receiver took it, and the next valid frame");
