/** The architecture test of memory.md section 1: long-lived state lives in bounded structures, and whatever runs or listens has a scope. */
import ts from 'typescript';
import { plain } from './plain.ts';
import { collectStores, type Store } from './stores.ts';
import type { Source } from './sources.ts';

/** Which rule was broken. */
export type Rule = 'growing-store' | 'timer' | 'listener' | 'floating-promise';

export interface Violation {
  readonly rule: Rule;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Where the growing store is declared. */
  readonly declaredAt?: number;
  readonly text: string;
}

/** A place that would be a violation and states its bound in a comment; for a store that may stand at its declaration, once. */
export interface Exception extends Violation {
  readonly bound: string;
}

export interface Findings {
  readonly violations: readonly Violation[];
  readonly exceptions: readonly Exception[];
}

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame', 'requestIdleCallback']);
const GLOBALS = new Set(['globalThis', 'window', 'self', 'global']);
const LISTENING = new Set(['addEventListener', 'on', 'once', 'addListener', 'prependListener']);
const ADDING = new Set(['set', 'add', 'push', 'unshift']);
/**
 * Calls that give a promise by their name alone. This finds what can be seen without types (async functions of the same file, chains without
 * a `catch`, `Promise.all`); what needs types is found by `@typescript-eslint/no-floating-promises`, which the root configuration switches on.
 */
const PROMISE_ENDS = new Set(['then', 'finally']);
const BOUND_COMMENT = /\/\/\s*bounded:\s*(\S.*)$/;

/** Examines the sources; each violation is either returned as such or, with a `// bounded: ...` comment at it, as an exception. */
export function findViolations(sources: readonly Source[]): Findings {
  const violations: Violation[] = [];
  const exceptions: Exception[] = [];
  for (const source of sources) {
    const lines = source.text.split('\n');
    for (const violation of new Examination(source).run()) {
      const bound = boundAt(lines, violation.line) ?? boundAt(lines, violation.declaredAt ?? 0);
      if (bound === undefined) violations.push(violation);
      else exceptions.push({ ...violation, bound });
    }
  }
  return { violations, exceptions };
}

/** The bound a comment names on this line or on the one above it. */
function boundAt(lines: readonly string[], line: number): string | undefined {
  const here = BOUND_COMMENT.exec(lines[line - 1] ?? '');
  const above = (lines[line - 2] ?? '').trim();
  return here?.[1] ?? (above.startsWith('//') ? BOUND_COMMENT.exec(above)?.[1] : undefined);
}

/** One walk over one file. */
class Examination {
  readonly #source: Source;
  readonly #file: ts.SourceFile;
  readonly #stores: readonly Store[];
  readonly #asyncNames: ReadonlySet<string>;
  readonly #found: Violation[] = [];

  constructor(source: Source) {
    this.#source = source;
    this.#file = ts.createSourceFile(
      source.path.replace(/\.vue$/, '.ts'),
      source.text,
      ts.ScriptTarget.Latest,
      true,
      ts.ScriptKind.TS,
    );
    this.#stores = collectStores(this.#file);
    this.#asyncNames = asyncNames(this.#file);
  }

  run(): readonly Violation[] {
    const visit = (node: ts.Node): void => {
      this.#examine(node);
      ts.forEachChild(node, visit);
    };
    visit(this.#file);
    return this.#found;
  }

  #examine(node: ts.Node): void {
    if (ts.isCallExpression(node)) this.#examineCall(node);
    else if (ts.isBinaryExpression(node)) this.#examineAssignment(node);
    else if (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node)) this.#examineKeyed(plain(node.operand), node);
    if (ts.isExpressionStatement(node)) this.#examineStatement(node.expression);
  }

  #examineCall(call: ts.CallExpression): void {
    const callee = plain(call.expression);
    if (ts.isIdentifier(callee) && TIMERS.has(callee.text) && !this.#isImported(callee.text)) this.#note('timer', call);
    if (!ts.isPropertyAccessExpression(callee)) return;
    const method = callee.name.text;
    const target = plain(callee.expression);
    if (TIMERS.has(method) && ts.isIdentifier(target) && GLOBALS.has(target.text)) this.#note('timer', call);
    if (LISTENING.has(method) && isListening(call, method)) this.#note('listener', call);
    const adds = ADDING.has(method) || (method === 'splice' && call.arguments.length > 2);
    if (adds) this.#noteStore(target, call);
  }

  #examineAssignment(assignment: ts.BinaryExpression): void {
    const { kind } = assignment.operatorToken;
    if (kind < ts.SyntaxKind.FirstAssignment || kind > ts.SyntaxKind.LastAssignment) return;
    const target = plain(assignment.left);
    this.#examineKeyed(target, assignment);
    if (copiesItself(target, assignment.right)) this.#noteStore(target, assignment);
  }

  /** `store[key] = value` and `store[key]++`. A literal key names a field; any other may be a new one each time. */
  #examineKeyed(target: ts.Expression, node: ts.Node): void {
    if (!ts.isElementAccessExpression(target) || ts.isStringLiteralLike(target.argumentExpression)) return;
    this.#noteStore(plain(target.expression), node);
  }

  #noteStore(expression: ts.Expression, node: ts.Node): void {
    const store = this.#stores.find((each) => each.isGrownBy(expression));
    if (store !== undefined) this.#note('growing-store', node, this.#lineOf(store.declaration));
  }

  #examineStatement(expression: ts.Expression): void {
    const value = plain(expression);
    if (!ts.isCallExpression(value)) return;
    const callee = plain(value.expression);
    const isChain =
      ts.isPropertyAccessExpression(callee) && PROMISE_ENDS.has(callee.name.text) && !handlesRejection(value, callee.name.text);
    const isAsync = isImmediateAsync(callee) || this.#isAsyncCall(callee) || isPromiseStatic(callee);
    if (isChain || isAsync) this.#note('floating-promise', value);
  }

  #isAsyncCall(callee: ts.Expression): boolean {
    if (ts.isIdentifier(callee)) return this.#asyncNames.has(callee.text);
    const ofThis = ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.ThisKeyword;
    return ofThis && this.#asyncNames.has(`this.${callee.name.text}`);
  }

  /** `setTimeout` of `node:timers/promises` and the like is another function; a promise that waits belongs to its awaiter. */
  #isImported(name: string): boolean {
    return this.#file.statements.some((statement) => {
      if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return false;
      if (statement.moduleSpecifier.text !== 'node:timers/promises') return false;
      const bindings = statement.importClause?.namedBindings;
      return (
        bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.some((element) => element.name.text === name)
      );
    });
  }

  #lineOf(node: ts.Node): number {
    return this.#file.getLineAndCharacterOfPosition(node.getStart(this.#file)).line + 1;
  }

  #note(rule: Rule, node: ts.Node, declaredAt?: number): void {
    const line = this.#lineOf(node);
    const text = this.#source.text.slice(node.getStart(this.#file), node.end).split('\n')[0] ?? '';
    if (this.#found.some((each) => each.rule === rule && each.line === line)) return;
    const place = declaredAt === undefined ? { line } : { line, declaredAt };
    this.#found.push({ rule, path: this.#source.path, ...place, text: text.slice(0, 100) });
  }
}

/** `.on('event', handler)` listens; a query's `.on('a.id', 'b.id')` and one-argument uses of the word do not. */
function isListening(call: ts.CallExpression, method: string): boolean {
  if (method === 'addEventListener' || method === 'addListener' || method === 'prependListener') return true;
  // Our own hubs take the scope as the third argument: hub.on(topic, handler, scope).
  const [, handler] = call.arguments;
  return call.arguments.length === 2 && handler !== undefined && !ts.isStringLiteralLike(handler);
}

/** `list = [...list, item]`, `list = list.concat(item)` and `table = { ...table, [key]: value }` grow as surely as `push`. */
function copiesItself(target: ts.Expression, value: ts.Expression): boolean {
  const made = plain(value);
  if (ts.isCallExpression(made)) return made.expression.getText() === `${target.getText()}.concat`;
  if (!ts.isArrayLiteralExpression(made) && !ts.isObjectLiteralExpression(made)) return false;
  const parts: readonly ts.Node[] = ts.isArrayLiteralExpression(made) ? made.elements : made.properties;
  const own = target.getText();
  return parts.some(
    (part) => (ts.isSpreadElement(part) || ts.isSpreadAssignment(part)) && plain(part.expression).getText() === own,
  );
}

function handlesRejection(call: ts.CallExpression, method: string): boolean {
  return method === 'then' && call.arguments.length === 2;
}

function isImmediateAsync(callee: ts.Expression): boolean {
  const isFunction = ts.isArrowFunction(callee) || ts.isFunctionExpression(callee);
  return isFunction && isAsync(callee);
}

function isPromiseStatic(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && ts.isIdentifier(callee.expression) && callee.expression.text === 'Promise';
}

function isAsync(node: ts.Node): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
}

/** Names of functions, variables and methods of this file that are declared `async` or with a `Promise` as their type. */
function asyncNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && node.name !== undefined && givesPromise(node)) names.add(node.name.text);
    if (ts.isMethodDeclaration(node) && givesPromise(node)) names.add(`this.${node.name.getText(file)}`);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined) {
      const value = plain(node.initializer);
      if ((ts.isArrowFunction(value) || ts.isFunctionExpression(value)) && givesPromise(value)) names.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function givesPromise(node: ts.SignatureDeclaration): boolean {
  if (isAsync(node)) return true;
  const { type } = node;
  return type !== undefined && ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) && type.typeName.text === 'Promise';
}
