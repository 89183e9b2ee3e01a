/** The fields of the notification settings as a form holds them; what the server sends fills them, what it lacks stays at the default. */

export interface NoticeForm {
  minConfidence: number;
  quietHours: { enabled: boolean; from: string; to: string };
  email: {
    enabled: boolean;
    host: string;
    port: number;
    secure: boolean;
    user: string;
    from: string;
    to: string;
    allSignals: boolean;
  };
  webhook: { enabled: boolean; shape: string; url: string };
  telegram: { enabled: boolean; chatId: string };
}

/** A form of its own each time, with what is stored laid over the defaults. */
export function blankSettings(stored: unknown = {}): NoticeForm {
  const given = (typeof stored === 'object' && stored !== null ? stored : {}) as Partial<NoticeForm>;
  return {
    minConfidence: given.minConfidence ?? 85,
    quietHours: { enabled: false, from: '22:00', to: '08:00', ...given.quietHours },
    email: {
      enabled: false,
      host: '',
      port: 587,
      secure: false,
      user: '',
      from: '',
      to: '',
      allSignals: false,
      ...given.email,
    },
    webhook: { enabled: false, shape: 'slack', url: '', ...given.webhook },
    telegram: { enabled: false, chatId: '', ...given.telegram },
  };
}
