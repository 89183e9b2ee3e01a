/** What the options of the server do, for `npm start -- --help` and `wyckoff serve --help`. */
export const SERVE_HELP = {
  port: 'port to listen on, 0 for any free one (default: PORT, else 4780; when it is taken, the next free one)',
  host: 'address to listen on: 127.0.0.1 or ::1 only, because there are no users yet (default: 127.0.0.1)',
  data: 'folder of the store; it is made when missing, and one wyckoff uses it at a time (default: WYCKOFF_DATA, else data; with --feed a folder of the market in it)',
  speed:
    'bars per second of the replay, above 0 up to 1,000,000, or max for as fast as possible (default: WYCKOFF_SPEED, else 4)',
  feed: 'live bars of alpaca, binance or ccxt:<exchange> in place of the demo (default: WYCKOFF_FEED); keys by environment only',
  symbol:
    'symbol as the provider spells it: BTCUSDT, SPY, BTC/USDT, or several apart by commas on one account (default: WYCKOFF_FEED_SYMBOL)',
  timeframe: 'timeframe of the bars (default: WYCKOFF_FEED_TIMEFRAME, else 1d)',
  broker: 'paper, or a venue: alpaca, ccxt:<exchange>; a venue makes the account LIVE (default: WYCKOFF_FEED_BROKER, else paper)',
  calendar: 'CSV of earnings and news, time,kind,subject (default: WYCKOFF_CALENDAR); read again when it changes',
  instruments:
    'CSV of instruments, symbol,buckets,benchmark,shortable,leverage (default: WYCKOFF_INSTRUMENTS); kept with the account when it is opened first',
  input: 'CSV files of bars to replay in place of the demo, apart by commas, one series each; --symbol names them in their order',
  assetClass: 'asset class of the files (default: stock)',
  paused: 'open with the replay paused; play starts it',
} as const;

/** The help of `npm start`. */
export const START_HELP = `usage: npm start -- [options]

Runs the server and the desk; Ctrl-C ends it. What it has done is in its folder and goes on at the next start.

  --port N        ${SERVE_HELP.port}
  --speed N|max   ${SERVE_HELP.speed}
  --data DIR      ${SERVE_HELP.data}
  --host ADDRESS  ${SERVE_HELP.host}
  --paused        ${SERVE_HELP.paused}
  --feed NAME     ${SERVE_HELP.feed}
  --symbol S      ${SERVE_HELP.symbol}
  --timeframe T   ${SERVE_HELP.timeframe}
  --broker NAME   ${SERVE_HELP.broker}
  --calendar FILE ${SERVE_HELP.calendar}
  --instruments FILE
                  ${SERVE_HELP.instruments}
  --input FILES   ${SERVE_HELP.input}
  --asset-class C ${SERVE_HELP.assetClass}
  -h, --help      this text
`;
