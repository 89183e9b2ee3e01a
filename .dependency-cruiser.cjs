/**
 * The import law: one ordered list. A folder imports only from those before it.
 * `web` sees `contracts` and `bounded` only, nothing sees `web`, one feature of the web never imports another.
 */
const law = [
  'packages/bounded',
  'packages/domain/src/bar',
  'packages/domain/src/market',
  'packages/domain/src/effort',
  'packages/domain/src/structure',
  'packages/domain/src/wyckoff',
  'packages/domain/src/setup',
  'packages/domain/src/trade',
  'packages/domain/src/risk',
  'packages/domain/src/campaign',
  'packages/domain/src/execution',
  'packages/domain/src/acceptance',
  'packages/domain/src/engine',
  'packages/domain/src/backtest',
  'packages/domain/src/index.ts',
  'packages/contracts',
  'packages/server',
];

/** Tests may look around freely; what ships may not. */
const shipped = String.raw`(?<!\.test|\.leaks)\.(ts|vue)$`;
const from = (folder) => ({ path: `^${folder}.*${shipped}` });

const ordered = law.map((folder, i) => ({
  name: `law-${folder.replace(/^packages\//, '').replace(/[/.]/g, '-')}`,
  comment: `${folder} imports only what stands before it in the law`,
  severity: 'error',
  from: from(folder),
  to: { path: [...law.slice(i + 1), 'packages/web'].map((later) => `^${later}(/|$)`) },
}));

module.exports = {
  forbidden: [
    ...ordered,
    {
      name: 'web-sees-contracts-and-bounded-only',
      severity: 'error',
      from: from('packages/web'),
      to: { path: '^packages/(domain|server)/' },
    },
    {
      name: 'one-feature-never-imports-another',
      severity: 'error',
      from: { path: `^packages/web/src/features/([^/]+)/.*${shipped}` },
      to: { path: '^packages/web/src/features/', pathNot: '^packages/web/src/features/$1/' },
    },
    {
      name: 'only-features-talk-to-the-link',
      severity: 'error',
      from: from('packages/web/src/ui'),
      to: { path: '^packages/web/src/(link|features)/' },
    },
    {
      // The leak kit runs on Node by its nature; models are what the tests compare the structures with.
      name: 'domain-and-bounded-use-nothing-of-the-platform',
      severity: 'error',
      from: { path: `^packages/(domain|bounded)/src/(?!leak-kit|models).*${shipped}` },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-circles', severity: 'error', from: { pathNot: String.raw`\.test\.ts$` }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'nothing-ships-from-outside', severity: 'error', from: { path: `^packages/.*${shipped}` }, to: { path: '^(tools|bench|e2e)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'], extensions: ['.ts', '.js', '.mjs', '.vue'] },
  },
};
