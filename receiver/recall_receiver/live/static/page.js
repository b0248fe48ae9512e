// The page of tiles. Whatever comes from the wire is shown as text and never as markup.
"use strict";

const RETRY = 2000; // milliseconds until a receiver that is gone is asked again
const SHOWN_EVENTS = 60;

const byId = (id) => document.getElementById(id);
const tiles = new Map(); // number -> its elements
let socket = null;
let retry = 0;
let paused = false;

// Words

const count = (number) => number.toLocaleString("en");

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 999.5 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes.toFixed(unit && bytes < 10 ? 1 : 0)} ${units[unit]}`;
}

const seconds = (value) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`);

const dimensions = ([width, height]) => `${width}×${height}`;

function plural(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

// Setting only what has changed keeps the page still for those who read it aloud.
function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function badge(element, value) {
  element.hidden = !value;
  text(element, value || "");
}

function parts(element, values) {
  while (element.children.length > values.length) element.lastElementChild.remove();
  values.forEach(([value, noted], at) => {
    const child = element.children[at] || element.appendChild(document.createElement("span"));
    text(child, value);
    child.classList.toggle("noted", Boolean(noted));
  });
}

// The parts of the page

function showStatus(status) {
  const element = byId("status");
  element.dataset.kind = status.kind;
  text(element, status.text);
}

function showTotals(totals) {
  const rows = [
    ["frames", count(totals.frames)],
    ["received", size(totals.bytes)],
    ["streams", count(totals.streams)],
    ["connections", count(totals.connections)],
    ["reconnects", count(totals.reconnects)],
    ["gaps", count(totals.gaps), totals.gaps],
    ["duplicates", count(totals.duplicates)],
    ["refused", count(totals.refused), totals.refused],
    ["dropped", count(totals.dropped), totals.dropped],
    ["queued", count(totals.queued)],
  ];
  const list = byId("totals");
  rows.forEach(([name, value, noted], at) => {
    let row = list.children[at];
    if (!row) {
      row = list.appendChild(document.createElement("div"));
      row.append(document.createElement("dt"), document.createElement("dd"));
    }
    text(row.children[0], name);
    text(row.children[1], value);
    row.classList.toggle("noted", Boolean(noted));
  });
}

function makeTile() {
  const root = byId("tile").content.firstElementChild.cloneNode(true);
  const find = (selector) => root.querySelector(selector);
  return {
    root,
    picture: find("img"),
    broken: find(".broken"),
    switched: find(".switched"),
    state: find(".state"),
    title: find("h3"),
    name: find(".name"),
    sent: find(".sent"),
    got: find(".got"),
    url: "",
  };
}

const STATES = {
  live: () => "",
  quiet: (tile) => `no frame for ${Math.floor(tile.silent)} s`,
  cut: () => "connection lost",
  ended: () => "ended",
};

function showTile(element, tile) {
  const name = tile.name || `Participant ${tile.participant}`;
  element.root.dataset.state = tile.state;
  element.root.dataset.type = tile.type;
  element.title.classList.toggle("nameless", !tile.name);
  text(element.name, name);
  element.title.title = name;
  element.picture.alt = tile.type === "webcam" ? `Camera of ${name}` : `Screen shared by ${name}`;
  badge(element.switched, tile.was && `${dimensions(tile.was)} → ${dimensions([tile.width, tile.height])}`);
  badge(element.state, STATES[tile.state](tile));
  parts(element.sent, [[dimensions([tile.width, tile.height])], [`${tile.fps.toFixed(1)} fps`]]);
  parts(element.got, [
    [`lag ${seconds(tile.lag)}`, tile.lag >= 1],
    [plural(tile.gaps, "gap", "gaps"), tile.gaps],
    ...(tile.legs > 1 ? [[`leg ${tile.legs}`]] : []),
  ]);
}

// Tiles keep their places; only those that are new, or that move, are put in.
function arrange(list, elements) {
  elements.forEach((element, at) => {
    if (list.children[at] !== element.root) list.insertBefore(element.root, list.children[at] || null);
  });
  const many = elements.length;
  list.dataset.many = many === 1 ? "one" : many <= 9 ? "few" : many <= 20 ? "some" : "lots";
  list.parentElement.hidden = many === 0;
}

// Cameras of one meeting have one shape, mostly: the tiles take that of the most.
function shape(webcams) {
  const shapes = new Map();
  for (const { width, height } of webcams) {
    const key = `${width} / ${height}`;
    shapes.set(key, (shapes.get(key) || 0) + 1);
  }
  const [most] = [...shapes].sort((one, other) => other[1] - one[1]);
  if (most) byId("webcams").style.setProperty("--ratio", most[0]);
}

function showTiles(state) {
  const now = new Set(state.tiles.map((tile) => tile.tile));
  for (const [number, element] of tiles) {
    if (!now.has(number)) {
      element.root.remove();
      URL.revokeObjectURL(element.url);
      tiles.delete(number);
    }
  }
  for (const tile of state.tiles) {
    if (!tiles.has(tile.tile)) tiles.set(tile.tile, makeTile());
    showTile(tiles.get(tile.tile), tile);
  }
  const webcams = state.tiles.filter((tile) => tile.type === "webcam");
  const screens = state.tiles.filter((tile) => tile.type === "screenshare");
  shape(webcams);
  arrange(byId("screens"), screens.map((tile) => tiles.get(tile.tile)));
  arrange(byId("webcams"), webcams.map((tile) => tiles.get(tile.tile)));
  const beside = screens.length === 1 && webcams.length > 0 && webcams.length <= 6;
  byId("streams").dataset.layout = beside ? "beside" : "below";
  byId("empty").hidden = state.tiles.length > 0;
  byId("more").hidden = !state.more;
  text(byId("more"), `and ${plural(state.more, "stream", "streams")} more`);
}

const clock = new Intl.DateTimeFormat([], { timeStyle: "medium", hourCycle: "h23" });
let eventsShown = null;

function showEvents(events) {
  const key = JSON.stringify(events);
  if (key === eventsShown) return;
  eventsShown = key;
  const rows = events.slice(-SHOWN_EVENTS).reverse().map((event) => {
    const row = document.createElement("li");
    row.dataset.kind = event.kind;
    const time = row.appendChild(document.createElement("time"));
    time.dateTime = new Date(event.at * 1000).toISOString();
    time.textContent = clock.format(event.at * 1000);
    const words = row.appendChild(document.createElement("p"));
    words.appendChild(document.createElement("strong")).textContent = event.text;
    words.appendChild(document.createElement("span")).textContent = event.detail;
    return row;
  });
  if (!rows.length) {
    const none = document.createElement("li");
    none.className = "none";
    none.textContent = "None yet";
    rows.push(none);
  }
  byId("events").replaceChildren(...rows);
}

function showPicture(data) {
  const element = tiles.get(new DataView(data).getUint32(0));
  if (!element) return;
  const there = data.byteLength > 4;
  element.broken.hidden = there;
  if (!there) return;
  const before = element.url;
  element.url = URL.createObjectURL(new Blob([new Uint8Array(data, 4)], { type: "image/jpeg" }));
  element.picture.src = element.url;
  if (before) URL.revokeObjectURL(before);
}

// The connection

function connect() {
  clearTimeout(retry);
  if (socket || paused || document.hidden) return;
  const opened = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  opened.binaryType = "arraybuffer";
  let fresh = true;
  opened.onmessage = ({ data }) => {
    if (socket !== opened) return;
    if (typeof data !== "string") {
      showPicture(data);
      return;
    }
    if (fresh) forget(); // each connection numbers the tiles anew
    fresh = false;
    const state = JSON.parse(data);
    showStatus(state.status);
    showTotals(state.totals);
    showTiles(state);
    showEvents(state.events);
  };
  opened.onclose = () => {
    if (socket !== opened) return;
    socket = null;
    showStatus({ kind: "gone", text: "The receiver does not answer" });
    retry = setTimeout(connect, RETRY);
  };
  socket = opened;
}

function disconnect() {
  clearTimeout(retry);
  const closing = socket;
  socket = null;
  if (closing) closing.close();
}

function forget() {
  for (const element of tiles.values()) {
    element.root.remove();
    URL.revokeObjectURL(element.url);
  }
  tiles.clear();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) disconnect();
  else connect();
});

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  if (paused) {
    disconnect();
    showStatus({ kind: "waiting", text: "Paused" });
  } else {
    connect();
  }
});

text(byId("command"), `recallsim run tour --url ws://${location.host}/`);
connect();
