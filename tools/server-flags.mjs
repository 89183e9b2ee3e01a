/** Flags of the Node that runs the server, measured with bench/memory.ts: a small young generation, code that favours size. */
export const SERVER_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--optimize-for-size'];
