/** The stream's limits from the settings (C1, M14). */
import type { Numbers } from '../settings.ts';
import type { HubLimits } from './hub.ts';

export function hubLimits(numbers: Numbers): HubLimits {
  return {
    pingMs: numbers['ws.pingMs'],
    pongMs: numbers['ws.pongMs'],
    maxConnections: numbers['ws.maxConnections'],
    maxPerUser: numbers['ws.maxPerUser'],
    maxGreeting: numbers['ws.greetingMax'],
    queue: { maxBytes: numbers['ws.queueBytes'], maxFrames: numbers['ws.queueFrames'], maxAgeMs: numbers['ws.queueAgeMs'] },
    queueTotalBytes: numbers['ws.queueTotalBytes'],
    replay: {
      maxEvents: numbers['ws.replayEvents'],
      maxBytes: numbers['ws.replayBytes'],
      maxAgeMs: numbers['ws.replayMinutes'] * 60_000,
    },
  };
}
