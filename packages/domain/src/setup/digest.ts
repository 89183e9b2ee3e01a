/** SHA-1 and SHA-256 of short texts: ids must be the same on every machine, and the domain has no crypto (FIPS 180-4). */

const K256 = Int32Array.from(constants(64, 1 / 3));
const H256 = Int32Array.from(constants(8, 1 / 2));

/** First 32 bits of the fractional parts of the roots of the first primes. */
function constants(count: number, power: number): number[] {
  const out: number[] = [];
  for (let n = 2; out.length < count; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) prime = false;
    if (prime) out.push((fraction(n, power) * 2 ** 32) | 0);
  }
  return out;
}

/** The fractional part of a root, exact to 32 bits: Newton in doubles keeps 44 bits behind the point for primes below 312. */
function fraction(n: number, power: number): number {
  const root = n ** power;
  return root - Math.floor(root);
}

/** UTF-8 bytes of a text (there is no TextEncoder without the DOM library). */
export function utf8(text: string): Uint8Array {
  const plain = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 127) return escaped(text);
    plain[i] = code;
  }
  return plain;
}

/** What is not ASCII goes through percent escapes, which are UTF-8 by definition. */
function escaped(text: string): Uint8Array {
  const percent = encodeURIComponent(text);
  const out = new Uint8Array(percent.length);
  let size = 0;
  for (let i = 0; i < percent.length; i += 1) {
    const isEscape = percent.charCodeAt(i) === 37;
    out[size++] = isEscape ? Number.parseInt(percent.slice(i + 1, i + 3), 16) : percent.charCodeAt(i);
    if (isEscape) i += 2;
  }
  return out.slice(0, size);
}

/** The message with its padding, as big-endian words. */
function words(message: Uint8Array): Int32Array {
  const blocks = (message.length + 9 + 63) >> 6;
  const out = new Int32Array(blocks * 16);
  for (let i = 0; i < message.length; i += 1) out[i >> 2] |= (message[i] ?? 0) << (24 - (i & 3) * 8);
  out[message.length >> 2] |= 0x80 << (24 - (message.length & 3) * 8);
  out[out.length - 1] = message.length << 3;
  return out;
}

const rotl = (x: number, n: number): number => (x << n) | (x >>> (32 - n));

/** 20 bytes. */
export function sha1(message: Uint8Array): Uint8Array {
  const h = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0);
  const m = words(message);
  const w = new Int32Array(80);
  for (let block = 0; block < m.length; block += 16) {
    for (let i = 0; i < 80; i += 1) w[i] = i < 16 ? m[block + i] : rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    let [a, b, c, d, e] = h;
    for (let i = 0; i < 80; i += 1) {
      const f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
      const next = (rotl(a, 5) + f + e + k + w[i]) | 0;
      e = d;
      d = c;
      c = rotl(b, 30);
      b = a;
      a = next;
    }
    accumulate(h, [a, b, c, d, e]);
  }
  return bytes(h);
}

/** 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array {
  const h = H256.slice();
  const m = words(message);
  const w = new Int32Array(64);
  for (let block = 0; block < m.length; block += 16) {
    schedule256(w, m, block);
    let [a, b, c, d, e, f, g, z] = h;
    for (let i = 0; i < 64; i += 1) {
      const s1 = rotl(e, 26) ^ rotl(e, 21) ^ rotl(e, 7);
      const t1 = (z + s1 + ((e & f) ^ (~e & g)) + K256[i] + w[i]) | 0;
      const t2 = ((rotl(a, 30) ^ rotl(a, 19) ^ rotl(a, 10)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      z = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    accumulate(h, [a, b, c, d, e, f, g, z]);
  }
  return bytes(h);
}

function schedule256(w: Int32Array, m: Int32Array, block: number): void {
  for (let i = 0; i < 64; i += 1) {
    if (i < 16) {
      w[i] = m[block + i];
      continue;
    }
    const s0 = rotl(w[i - 15], 25) ^ rotl(w[i - 15], 14) ^ (w[i - 15] >>> 3);
    const s1 = rotl(w[i - 2], 15) ^ rotl(w[i - 2], 13) ^ (w[i - 2] >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
}

function accumulate(h: Int32Array, values: readonly number[]): void {
  for (let i = 0; i < h.length; i += 1) h[i] = (h[i] + values[i]) | 0;
}

function bytes(h: Int32Array): Uint8Array {
  const out = new Uint8Array(h.length * 4);
  for (let i = 0; i < out.length; i += 1) out[i] = h[i >> 2] >>> (24 - (i & 3) * 8);
  return out;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal. */
export function hex(data: Uint8Array): string {
  let out = '';
  for (const byte of data) out += HEX[byte];
  return out;
}

/** A version 5 UUID (RFC 9562 5.5) of a name within a namespace of 16 bytes. */
export function uuidV5(namespace: Uint8Array, name: string): string {
  const text = utf8(name);
  const message = new Uint8Array(16 + text.length);
  message.set(namespace);
  message.set(text, 16);
  const digest = sha1(message);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const h = hex(digest.subarray(0, 16));
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** The namespace of every id this system makes; a random UUID drawn once. */
const NAMESPACE = Uint8Array.from([
  0x5b, 0x1e, 0x6f, 0x0c, 0x92, 0x4d, 0x4a, 0x37, 0x8e, 0x55, 0x0d, 0xa3, 0x77, 0xc1, 0x24, 0x9b,
]);

/** The id of what the parts name: equal parts, equal id. The separator cannot occur in a part's own text. */
export function idOf(...parts: readonly (string | number)[]): string {
  return uuidV5(NAMESPACE, parts.join('\u0000'));
}
