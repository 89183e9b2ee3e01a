/** How far reported volume can be trusted, and when it has gone silent (detection.md 2.6). */
import type { AssetClass, Instrument, VolumeReliability } from '../bar/bar.ts';
import type { Features } from './features.ts';

const SILENT_BARS = 20;

const USUAL: Readonly<Record<AssetClass, VolumeReliability>> = {
  STOCK: 'HIGH',
  FUTURE: 'HIGH',
  CRYPTO: 'MEDIUM',
  FOREX: 'LOW',
  INDEX: 'LOW',
};

/** Metadata first, else what is usual for the asset class. */
export function declaredReliability(instrument: Instrument): VolumeReliability {
  return instrument.volumeReliability ?? USUAL[instrument.assetClass];
}

/** VOL-1. After 20 bars without volume in a row it is silent until 20 bars with volume have followed. */
export class VolumeSilence {
  silent = false;
  zeroRun = 0;
  heard = 0;

  push(now: Features): void {
    if (now.volume === 0) {
      this.zeroRun++;
      if (this.zeroRun >= SILENT_BARS) {
        this.silent = true;
        this.heard = 0;
      }
      return;
    }
    this.zeroRun = 0;
    if (this.silent && ++this.heard >= SILENT_BARS) {
      this.silent = false;
      this.heard = 0;
    }
  }
}
