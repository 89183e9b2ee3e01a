/** Set before any schema is built: the probe of `new Function` would violate the content policy (interface.md 1.1). */
import { config } from 'zod';

config({ jitless: true });
