// Decodes each PNG that is named on the command line with sharp and with pngjs, strictly, and
// prints the SHA-256 of its RGB bytes as each of them sees it, as one JSON object.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PNG } from "pngjs";
import sharp from "sharp";

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

function withoutAlpha(rgba) {
  const rgb = Buffer.alloc((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgba.copy(rgb, to, from, from + 3);
  }
  return rgb;
}

const found = {};
for (const path of process.argv.slice(2)) {
  const file = readFileSync(path);
  const { data } = await sharp(file, { failOn: "warning" })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  found[path] = { sharp: digest(data), pngjs: digest(withoutAlpha(PNG.sync.read(file).data)) };
}
console.log(JSON.stringify(found));
