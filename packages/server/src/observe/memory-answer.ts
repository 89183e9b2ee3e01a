/** `GET /system/memory`: figures of the process beside every line of the census. */
import type { CensusRowWire } from '@wyckoff/contracts';
import type { Census } from '@wyckoff/bounded';

export interface MemoryFigures {
  at: number;
  budgetMb: number;
  rssBytes: number;
  heapUsedBytes: number;
  externalBytes: number;
  census: CensusRowWire[];
}

export function memoryAnswer(census: Census, budgetMb: number): MemoryFigures {
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    at: Date.now(),
    budgetMb,
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    census: census.rows().map(({ name, kind, size, capacity, bytes, highWater, evicted, dropped }) => ({
      name,
      kind,
      size,
      capacity,
      bytes: bytes ?? 0,
      highWater,
      evicted,
      dropped,
    })),
  };
}
