/** The instrument's own habit: an aged distribution of ln(volume ratio), from which quantiles are read (detection.md 13). */
import { fraction } from '../bar/fraction.ts';
import type { Features } from './features.ts';

const BINS = 128;
/** Bins are also summed by sixteen, so that a quantile is found in a few steps. */
const BLOCK_SHIFT = 4;
const BLOCKS = BINS >> BLOCK_SHIFT;
const FROM = Math.log(0.05);
const WIDTH = (Math.log(20) - FROM) / BINS;
/** Weights grow instead of the past shrinking; past this the whole histogram is scaled down. */
const RESCALE_AT = 2 ** 20;

/** Fine enough that a bin is found in a step or two from the guess. */
const GUESSES_PER_UNIT = 128;
const HIGHEST = 20;

/** Lowest volume ratio of each bin: exactly those of the logarithm, but a bar need not take one. */
const EDGES = Float64Array.from({ length: BINS }, (_, bin) => (bin === 0 ? 0 : lowestOf(bin)));
/** Bin of each multiple of 1 / {@link GUESSES_PER_UNIT}: where the search begins. */
const GUESSES = Uint8Array.from({ length: HIGHEST * GUESSES_PER_UNIT }, (_, i) => binByLogarithm(i / GUESSES_PER_UNIT));

function binByLogarithm(volRatio: number): number {
  const at = volRatio > 0 ? Math.floor((Math.log(volRatio) - FROM) / WIDTH) : 0;
  return at < 0 ? 0 : at >= BINS ? BINS - 1 : at;
}

/** Found by halving, down to the last bit. */
function lowestOf(bin: number): number {
  let under = Math.exp(FROM + (bin - 0.5) * WIDTH);
  let over = Math.exp(FROM + (bin + 0.5) * WIDTH);
  for (let middle = (under + over) / 2; middle > under && middle < over; middle = (under + over) / 2) {
    if (binByLogarithm(middle) < bin) under = middle;
    else over = middle;
  }
  return over;
}

function binOf(volRatio: number): number {
  if (!(volRatio < HIGHEST)) return BINS - 1;
  let bin = GUESSES[Math.floor(volRatio * GUESSES_PER_UNIT)];
  while (bin < BINS - 1 && volRatio >= EDGES[bin + 1]) bin++;
  return bin;
}

export class VolumeHabit {
  readonly bins = new Float32Array(BINS);
  readonly blocks = new Float64Array(BLOCKS);
  total = fraction(0);
  weight = fraction(1);
  samples = 0;
  readonly #growth: number;

  constructor(halfLifeBars: number) {
    this.#growth = 2 ** (1 / halfLifeBars);
  }

  push(now: Pick<Features, 'volRatio'>): void {
    const volRatio = now.volRatio;
    if (volRatio !== volRatio) return;
    const bin = binOf(volRatio);
    const before = this.bins[bin];
    this.bins[bin] = before + this.weight;
    // What single precision has really added.
    this.blocks[bin >> BLOCK_SHIFT] += this.bins[bin] - before;
    this.total += this.weight;
    this.weight *= this.#growth;
    this.samples++;
    if (this.weight > RESCALE_AT) this.#rescale();
  }

  /** Volume ratio below which the share q of the aged past lies; NaN without samples. */
  quantile(q: number): number {
    if (this.total <= 0) return NaN;
    let need = q * this.total;
    let block = 0;
    for (; block < BLOCKS - 1 && need > this.blocks[block]; block++) need -= this.blocks[block];
    for (let i = block << BLOCK_SHIFT; i < BINS; i++) {
      const mass = this.bins[i];
      if (need <= mass && mass > 0) return Math.exp(FROM + (i + need / mass) * WIDTH);
      need -= mass;
    }
    return Math.exp(FROM + BINS * WIDTH);
  }

  /** Share of the aged past below this volume ratio, 0..1; NaN without samples. */
  share(volRatio: number): number {
    if (this.total <= 0 || volRatio !== volRatio) return NaN;
    const position = volRatio > 0 ? (Math.log(volRatio) - FROM) / WIDTH : 0;
    const whole = Math.floor(position);
    if (whole < 0) return 0;
    if (whole >= BINS) return 1;
    let mass = 0;
    const block = whole >> BLOCK_SHIFT;
    for (let i = 0; i < block; i++) mass += this.blocks[i];
    for (let i = block << BLOCK_SHIFT; i < whole; i++) mass += this.bins[i];
    return (mass + (position - whole) * this.bins[whole]) / this.total;
  }

  #rescale(): void {
    let total = 0;
    this.blocks.fill(0);
    for (let i = 0; i < BINS; i++) {
      this.bins[i] /= RESCALE_AT;
      this.blocks[i >> BLOCK_SHIFT] += this.bins[i];
      total += this.bins[i];
    }
    this.total = total;
    this.weight /= RESCALE_AT;
  }
}
