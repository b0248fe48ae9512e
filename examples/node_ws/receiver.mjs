// Receives Recall.ai's real-time video and keeps every frame as a PNG file.
//
//     node receiver.mjs --port 8765 --save frames
//
// writes frames/RECORDING/PARTICIPANT-TYPE/TIME-DIGEST.png. The path says all that there is to say
// of a frame, so nothing has to be remembered between two connections. A worker thread does what
// takes time (worker.mjs). With RECALL_SECRET=whsec_… in the environment, only Recall.ai may connect.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { WebSocketServer } from "ws";

const MAX_MESSAGE = 16 * 2 ** 20; // bytes
const MAX_WAITING = 16; // messages of one connection that the worker has not done yet
const MAX_SKEW = 300; // seconds that a signature may be old, or the clocks apart
const STOP_SECONDS = 8;

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8765" },
    save: { type: "string", default: "frames" },
  },
});

const worker = new Worker(new URL("worker.mjs", import.meta.url), {
  workerData: { folder: values.save },
});
const waiting = []; // what to do when a message is done; the worker keeps their order
worker.on("message", (problem) => waiting.shift()(problem));
worker.on("error", (error) => {
  console.error("the worker ended:", error);
  process.exit(1); // whoever supervises this process starts it again, and the sender dials again
});

function keep(message, done) {
  waiting.push(done);
  worker.postMessage(message);
}

function isSigned(headers, secret) {
  const sentAt = headers["webhook-timestamp"] ?? "";
  if (!/^[0-9]+$/.test(sentAt) || Math.abs(Date.now() / 1000 - sentAt) > MAX_SKEW) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const text = `${headers["webhook-id"]}.${sentAt}.`; // an upgrade request has an empty body
  const right = Buffer.from(`v1,${createHmac("sha256", key).update(text).digest("base64")}`);
  return (headers["webhook-signature"] ?? "").split(" ").some((signature) => {
    const given = Buffer.from(signature);
    return given.length === right.length && timingSafeEqual(given, right);
  });
}

const server = createServer((_request, response) => response.writeHead(426).end());
const sockets = new WebSocketServer({
  server,
  maxPayload: MAX_MESSAGE,
  verifyClient: ({ req }) =>
    !process.env.RECALL_SECRET || isSigned(req.headers, process.env.RECALL_SECRET),
});

sockets.on("connection", (socket) => {
  let unfinished = 0;
  socket.on("message", (message) => {
    unfinished += 1;
    if (unfinished === MAX_WAITING) socket.pause(); // the sender has to wait: nothing piles up here
    keep(message, (problem) => {
      unfinished -= 1;
      if (unfinished === MAX_WAITING - 1) socket.resume();
      if (problem) console.warn(`passed over a message of ${message.length} bytes: ${problem}`);
    });
  });
  socket.on("error", (error) => console.warn(`connection lost: ${error.message}`));
});

function stop() {
  server.close();
  for (const socket of sockets.clients) socket.close(1001);
  keep(null, () => process.exit(0)); // comes back once all before it is on the disk
  setTimeout(() => process.exit(1), STOP_SECONDS * 1000).unref();
}

process.once("SIGTERM", stop);
process.once("SIGINT", stop);
server.listen(Number(values.port), values.host, () =>
  console.log(`listening on ws://${values.host}:${server.address().port}/`),
);
