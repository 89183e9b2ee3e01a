/** Lint: strict types everywhere, and a domain without clock, randomness or await. */
import vuejsAccessibility from 'eslint-plugin-vuejs-accessibility';
import vue from 'eslint-plugin-vue';
import ts from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';

const impure = [
  { selector: 'AwaitExpression', message: 'The domain is synchronous: time and data arrive with the input.' },
  { selector: 'ForOfStatement[await=true]', message: 'The domain is synchronous.' },
  { selector: "FunctionDeclaration[async=true], FunctionExpression[async=true], ArrowFunctionExpression[async=true]", message: 'The domain is synchronous.' },
  { selector: "MemberExpression[object.name='Date'][property.name='now'], NewExpression[callee.name='Date'][arguments.length=0]", message: 'The domain has no clock: time arrives with the bar.' },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'The domain has no randomness: use a seeded generator.' },
  { selector: "MemberExpression[object.name='performance']", message: 'The domain has no clock.' },
]; // prettier-ignore

export default ts.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/.out/', 'tools/law/fixture/', 'tools/ownership/fixtures/', 'data/', '**/*.mjs', '**/*.cjs', 'eslint.config.js'] },
  ...ts.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './packages/web/tsconfig.json'], tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.vue'] },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Array and typed-array access is not checked for undefined, so a defensive test is not "unnecessary".
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unified-signatures': 'off',
      // A callback may answer nothing or a promise of nothing: `void | Promise<void>` says just that.
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-params': ['error', 4],
    },
  },
  { files: ['packages/domain/src/**/*.ts'], ignores: ['**/*.test.ts'], rules: { 'no-restricted-syntax': ['error', ...impure] } },
  { files: ['tools/**/*.ts', 'bench/**/*.ts', 'e2e/**/*.ts', 'packages/server/src/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.test.ts', '**/*.leaks.ts', 'e2e/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-params': 'off', '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-empty-function': 'off', '@typescript-eslint/no-meaningless-void-operator': 'off', '@typescript-eslint/require-await': 'off' },
  },
  ...vue.configs['flat/recommended'],
  ...vuejsAccessibility.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: ts.parser, project: ['./packages/web/tsconfig.json'], tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.vue'] },
      globals: { document: 'readonly', window: 'readonly' },
    },
    rules: {
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/attributes-order': 'off',
      'vue/no-mutating-props': 'error',
    },
  },
);
