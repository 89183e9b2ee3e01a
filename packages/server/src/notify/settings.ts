/** What a user chose about notifications: channels, quiet hours, from which confidence on (trading.md 10). Secrets come from the environment. */
import * as z from 'zod';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 22:00');

export const notificationSettings = z.strictObject({
  /** A signal below it is not announced. */
  minConfidence: z.number().int().min(70).max(95).default(85),
  /** New York time. */
  quietHours: z
    .strictObject({ enabled: z.boolean().default(false), from: timeOfDay.default('22:00'), to: timeOfDay.default('08:00') })
    .prefault({}),
  email: z
    .strictObject({
      enabled: z.boolean().default(false),
      host: z.string().max(255).default(''),
      port: z.number().int().min(1).max(65_535).default(587),
      /** TLS from the first byte; otherwise STARTTLS is demanded. */
      secure: z.boolean().default(false),
      user: z.string().max(255).default(''),
      from: z.string().max(255).default(''),
      to: z.string().max(255).default(''),
      /** Signals below grade A too. */
      allSignals: z.boolean().default(false),
    })
    .prefault({}),
  webhook: z
    .strictObject({
      enabled: z.boolean().default(false),
      shape: z.enum(['slack', 'discord', 'json']).default('slack'),
      url: z.union([z.literal(''), z.url().max(2_000)]).default(''),
    })
    .prefault({}),
  telegram: z.strictObject({ enabled: z.boolean().default(false), chatId: z.string().max(64).default('') }).prefault({}),
});

export type NotificationSettings = z.infer<typeof notificationSettings>;

/** Read from the environment, never stored, never shown. */
export interface NotificationSecrets {
  readonly smtpPassword?: string | undefined;
  /** Signs the shape `json`. */
  readonly webhookSecret?: string | undefined;
  readonly telegramToken?: string | undefined;
}

export function notificationSecrets(env: Readonly<Record<string, string | undefined>>): NotificationSecrets {
  return {
    smtpPassword: env.WYCKOFF_SMTP_PASSWORD,
    webhookSecret: env.WYCKOFF_WEBHOOK_SECRET,
    telegramToken: env.WYCKOFF_TELEGRAM_TOKEN,
  };
}

export const DEFAULT_NOTIFICATIONS: NotificationSettings = notificationSettings.parse({});
