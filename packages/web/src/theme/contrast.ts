/** Contrast and colour difference as the accessibility tests measure them (WCAG 2.2, CIEDE2000, Viénot 1999 dichromats). */

type Triple = readonly [number, number, number];

/** Linear-light RGB (0..1) of `#rrggbb`. */
export function linear(hex: string): Triple {
  const value = Number.parseInt(hex.slice(1), 16);
  const channel = (shift: number): number => {
    const part = ((value >> shift) & 255) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return [channel(16), channel(8), channel(0)];
}

const luminance = ([r, g, b]: Triple): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** WCAG contrast ratio of two colours, 1..21. */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const dot = (row: Triple, of: Triple): number => row[0] * of[0] + row[1] * of[1] + row[2] * of[2];
const product = (matrix: readonly [Triple, Triple, Triple], of: Triple): Triple => [
  dot(matrix[0], of),
  dot(matrix[1], of),
  dot(matrix[2], of),
];

const IDENTITY: readonly [Triple, Triple, Triple] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; // prettier-ignore
/** Machado, Oliveira, Fernandes 2009, severity 1. */
const SIMULATIONS = {
  normal: IDENTITY,
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
} as const; // prettier-ignore
export type Vision = keyof typeof SIMULATIONS;
export const VISIONS = Object.keys(SIMULATIONS) as readonly Vision[];

function lab([r, g, b]: Triple): Triple {
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  const rgb: Triple = [clamp(r), clamp(g), clamp(b)];
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f(dot([0.4124564, 0.3575761, 0.1804375], rgb) / 0.95047);
  const y = f(dot([0.2126729, 0.7151522, 0.072175], rgb));
  const z = f(dot([0.0193339, 0.119192, 0.9503041], rgb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const hue = (b: number, a: number): number => (a === 0 && b === 0 ? 0 : ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360);

/** CIEDE2000 (Sharma, Wu, Dalal 2005) between two colours as an eye of this kind sees them. */
export function difference(first: string, second: string, vision: Vision = 'normal'): number {
  const [l1, a1, b1] = lab(product(SIMULATIONS[vision], linear(first)));
  const [l2, a2, b2] = lab(product(SIMULATIONS[vision], linear(second)));
  const c7 = ((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7;
  const g = 0.5 * (1 - Math.sqrt(c7 / (c7 + 25 ** 7)));
  const [p1, p2] = [(1 + g) * a1, (1 + g) * a2];
  const [c1, c2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)];
  const [h1, h2] = [hue(b1, p1), hue(b2, p2)];
  const turn = c1 * c2 === 0 ? 0 : ((h2 - h1 + 540) % 360) - 180;
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin(radians(turn) / 2);
  const meanL = (l1 + l2) / 2;
  const meanC = (c1 + c2) / 2;
  const meanH = c1 * c2 === 0 ? h1 + h2 : (h1 + turn / 2 + 360) % 360;
  const t =
    1 - 0.17 * Math.cos(radians(meanH - 30)) + 0.24 * Math.cos(radians(2 * meanH)) +
    0.32 * Math.cos(radians(3 * meanH + 6)) - 0.2 * Math.cos(radians(4 * meanH - 63)); // prettier-ignore
  const sL = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2);
  const sC = 1 + 0.045 * meanC;
  const sH = 1 + 0.015 * meanC * t;
  const rC = 2 * Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7));
  const rT = -Math.sin(radians(60 * Math.exp(-(((meanH - 275) / 25) ** 2)))) * rC;
  const [x, y, z] = [(l2 - l1) / sL, (c2 - c1) / sC, dH / sH];
  return Math.sqrt(x * x + y * y + z * z + rT * y * z);
}
