// Writes a PNG file anew with the 256 colours that it uses most, or fewer: text on plain ground loses nothing that one sees.
//
//     node smaller.mjs FILE.png
import { readFileSync, writeFileSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';

const file = process.argv[2];
const png = readFileSync(file);
const [width, height, bytes] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3];
if (png[24] !== 8 || ![2, 6].includes(png[25])) throw new Error(`${file} is no picture of a browser's: done already?`);
const data = [];
for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
  if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
}
const raw = inflateSync(Buffer.concat(data));

// The filters of PNG, section 9.
const stride = width * bytes;
const pixels = Buffer.alloc(stride * height);
for (let y = 0; y < height; y += 1) {
  const filter = raw[y * (stride + 1)];
  for (let x = 0; x < stride; x += 1) {
    const here = y * stride + x;
    const left = x < bytes ? 0 : pixels[here - bytes];
    const up = y === 0 ? 0 : pixels[here - stride];
    const corner = x < bytes || y === 0 ? 0 : pixels[here - stride - bytes];
    const near = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
    const paeth = near[0] <= near[1] && near[0] <= near[2] ? left : near[1] <= near[2] ? up : corner;
    pixels[here] = raw[y * (stride + 1) + 1 + x] + [0, left, up, (left + up) >> 1, paeth][filter];
  }
}

// Colours that differ by what nobody sees are one.
const colour = (at) => ((pixels[at] & 0xfc) << 16) | ((pixels[at + 1] & 0xfc) << 8) | (pixels[at + 2] & 0xfc);
const uses = new Map();
const exact = new Map();
for (let at = 0; at < pixels.length; at += bytes) {
  const rough = colour(at);
  uses.set(rough, (uses.get(rough) ?? 0) + 1);
  if (!exact.has(rough)) exact.set(rough, [pixels[at], pixels[at + 1], pixels[at + 2]]);
}
const palette = [...uses].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([rough]) => rough);
const index = new Map(palette.map((rough, at) => [rough, at]));
const distance = (a, b) => [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0);
const nearest = (rough) => {
  if (!index.has(rough)) {
    const best = palette.reduce((best, next) => (distance(next, rough) < distance(best, rough) ? next : best));
    index.set(rough, index.get(best));
  }
  return index.get(rough);
};
const rows = Buffer.alloc((width + 1) * height);
for (let y = 0; y < height; y += 1) {
  for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = nearest(colour(y * stride + x * bytes));
}

const table = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const crc = (part) => ~part.reduce((sum, byte) => (sum >>> 8) ^ table[(sum ^ byte) & 255], -1) >>> 0;
const chunk = (name, content) => {
  const part = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc(part));
  return Buffer.concat([length, part, check]);
};
const head = Buffer.from(png.subarray(16, 29));
head[9] = 3; // colours by their number
const colours = Buffer.from(palette.flatMap((rough) => exact.get(rough)));
writeFileSync(
  file,
  Buffer.concat([
    png.subarray(0, 8),
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]),
);
