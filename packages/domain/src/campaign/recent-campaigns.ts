/** The campaigns that ended last: whole records, the oldest leave (memory.md M10). */
import type { CampaignRecord } from './campaign-record.ts';

export const RECENT_CAMPAIGNS = 200;

export class RecentCampaigns {
  #records: readonly CampaignRecord[];

  constructor(records: readonly CampaignRecord[] = []) {
    this.#records = records.slice(-RECENT_CAMPAIGNS);
  }

  /** Newest last. */
  get records(): readonly CampaignRecord[] {
    return this.#records;
  }

  add(record: CampaignRecord): void {
    this.#records = [...this.#records, record].slice(-RECENT_CAMPAIGNS);
  }
}
