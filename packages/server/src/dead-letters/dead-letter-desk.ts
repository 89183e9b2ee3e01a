/** Dead letters in the hands of a person: looked through, tried again now, discarded for good; both acts are kept in the audit (C6, interface.md 2.2). */
import type { DeadLettersAnswer } from '@wyckoff/contracts';
import type { Answer } from '../session/desk.ts';
import type { Change } from '../store/changes.ts';
import type { DeadLetterStore } from '../store/notices-store.ts';
import { deadLetterPage, type DeadLettersQuery } from './dead-letter-page.ts';
import type { DeadLetters } from './dead-letters.ts';

/** Some by id, all of a topic, or all there are. */
export interface WhichLetters {
  readonly ids?: readonly string[] | undefined;
  readonly topic?: string | undefined;
  readonly all?: true | undefined;
}

export interface DeadLetterDesk {
  page(query: DeadLettersQuery): Promise<Answer<DeadLettersAnswer>>;
  /** To be tried at once; answers how many somebody can try. What only waits for a person (`bar.quarantined`) is not among them. */
  retry(which: WhichLetters, by: Author): Promise<number>;
  /** Answers how many left. */
  purge(which: WhichLetters, by: Author): Promise<number>;
}

interface Author {
  readonly user: string;
  readonly requestId: string;
}

export interface DeadLetterDeskParts {
  readonly store: DeadLetterStore;
  readonly letters: DeadLetters;
  readonly record: (change: Change) => Promise<unknown>;
  readonly wallClock: () => number;
}

export function deadLetterDesk({ store, letters, record, wallClock }: DeadLetterDeskParts): DeadLetterDesk {
  const note = async (type: string, data: WhichLetters & { readonly count: number }, { user, requestId }: Author) => {
    if (data.count === 0) return;
    const fact = { at: wallClock(), topic: 'system', type, data, entity: 'dead-letters', actor: user, requestId, audit: true };
    await record({ facts: [fact], writes: [] });
  };
  return {
    page: deadLetterPage(store),
    retry: async (which, by) => {
      const count = await letters.retry(which);
      await note('deadletters.retried', { ...which, count }, by);
      return count;
    },
    purge: async (which, by) => {
      const { ids, topic } = which;
      const count = await store.removeDeadLetters(ids !== undefined ? { ids } : topic !== undefined ? { topic } : 'all');
      await note('deadletters.purged', { ...which, count }, by);
      return count;
    },
  };
}
