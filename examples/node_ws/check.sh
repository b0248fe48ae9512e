#!/bin/sh
# Plays meetings that never happened into the receiver; `npm test -- --only '3.*'` plays some.
PORT=${PORT:-8765}
exec recallsim check --smoke --seed 1 --url "ws://127.0.0.1:$PORT/" \
  --exec "node receiver.mjs --port $PORT" --observe 'files:frames/**/*.png' "$@"
