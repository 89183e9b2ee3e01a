/** What in a file lives long and can grow: maps, sets, arrays and dictionaries in module variables and in class fields. */
import ts from 'typescript';
import { plain } from './plain.ts';

/** A long-lived collection. */
export interface Store {
  readonly name: string;
  readonly declaration: ts.Node;
  /** Whether adding to this expression adds to the store. */
  isGrownBy(expression: ts.Expression): boolean;
}

const COLLECTIONS = new Set(['Map', 'Set', 'Array', 'WeakMap', 'WeakSet']);
/** Keys that can be collected leave by themselves. */
const SELF_CLEANING = new Set(['WeakMap', 'WeakSet']);
const COLLECTION_TYPES = new Set(['Map', 'Set', 'Array', 'Record']);
/** Vue's containers: what they hold is what grows. */
const WRAPPERS = new Set(['ref', 'shallowRef', 'reactive', 'shallowReactive']);

export function collectStores(file: ts.SourceFile): Store[] {
  return [...moduleStores(file), ...classStores(file)];
}

/** Variables at the top level of a module, exported or not. */
function moduleStores(file: ts.SourceFile): Store[] {
  const declarations = file.statements.flatMap((statement) =>
    ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : [],
  );
  return declarations.flatMap(({ name, type, initializer }) => {
    if (!ts.isIdentifier(name)) return [];
    const variable = {
      name: name.text,
      declaration: name,
      isGrownBy: (use: ts.Expression) => isVariable(use, name.text) && !isShadowed(use, name.text),
    };
    return withInner(variable, type, initializer);
  });
}

/** Fields and parameters of classes, private names too, static or not, whether initialised where they are declared or in the constructor. */
function classStores(file: ts.SourceFile): Store[] {
  const stores: Store[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) stores.push(...fieldsOf(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return stores;
}

function fieldsOf(owner: ts.ClassLikeDeclaration): Store[] {
  return owner.members.flatMap((member) => {
    if (!ts.isPropertyDeclaration(member)) return [];
    const name = member.name.getText();
    const field = { name, declaration: member, isGrownBy: (use: ts.Expression) => isField(use, owner, name) };
    return withInner(field, member.type, member.initializer ?? assignedInConstructor(owner, name));
  });
}

/** A holder that is a collection, and the collections its object literal holds: `#state = { byId: new Map() }`. */
function withInner(holder: Store, type: ts.TypeNode | undefined, initializer: ts.Expression | undefined): Store[] {
  const value = initializer === undefined ? undefined : plain(initializer);
  const inner =
    value !== undefined && ts.isObjectLiteralExpression(value)
      ? value.properties.flatMap((property) => {
          if (!ts.isPropertyAssignment(property)) return [];
          const key = property.name.getText();
          const store: Store = {
            name: `${holder.name}.${key}`,
            declaration: property,
            isGrownBy: (use) => isMember(use, key, holder),
          };
          return withInner(store, undefined, property.initializer);
        })
      : [];
  return isCollection(type, initializer) ? [holder, ...inner] : inner;
}

function isMember(expression: ts.Expression, key: string, holder: Store): boolean {
  const value = unwrapValue(expression);
  return ts.isPropertyAccessExpression(value) && value.name.text === key && holder.isGrownBy(value.expression);
}

function assignedInConstructor(owner: ts.ClassLikeDeclaration, name: string): ts.Expression | undefined {
  const body = owner.members.find(ts.isConstructorDeclaration)?.body;
  for (const statement of body?.statements ?? []) {
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) continue;
    const { left, right, operatorToken } = statement.expression;
    if (operatorToken.kind === ts.SyntaxKind.EqualsToken && left.getText() === `this.${name}`) return right;
  }
  return undefined;
}

function isCollection(type: ts.TypeNode | undefined, initializer: ts.Expression | undefined): boolean {
  if (initializer !== undefined) {
    const value = plain(initializer);
    if (ts.isArrayLiteralExpression(value)) return true;
    if (ts.isObjectLiteralExpression(value)) return true;
    if (ts.isNewExpression(value) && ts.isIdentifier(value.expression)) {
      return COLLECTIONS.has(value.expression.text) && !SELF_CLEANING.has(value.expression.text);
    }
    if (ts.isCallExpression(value)) return isCollectionCall(value);
  }
  return type !== undefined && isCollectionType(type);
}

/** `Object.create(null)`, `Array.from(...)`, `shallowRef([])`. */
function isCollectionCall(call: ts.CallExpression): boolean {
  const callee = call.expression.getText();
  if (callee === 'Object.create' || callee === 'Array.from' || callee === 'Array.of' || callee === 'Object.fromEntries')
    return true;
  const [first] = call.arguments;
  return WRAPPERS.has(callee) && isCollection(call.typeArguments?.[0], first);
}

function isCollectionType(type: ts.TypeNode): boolean {
  if (ts.isArrayTypeNode(type)) return true;
  if (ts.isTypeOperatorNode(type)) return isCollectionType(type.type);
  if (ts.isUnionTypeNode(type)) return type.types.some(isCollectionType);
  if (ts.isTypeLiteralNode(type)) return type.members.some(ts.isIndexSignatureDeclaration);
  return ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) && COLLECTION_TYPES.has(type.typeName.text);
}

/** `name`, and `name.value` of a Vue container. */
function isVariable(expression: ts.Expression, name: string): boolean {
  const of = unwrapValue(expression);
  return ts.isIdentifier(of) && of.text === name;
}

function unwrapValue(expression: ts.Expression): ts.Expression {
  const value = plain(expression);
  if (ts.isPropertyAccessExpression(value) && value.name.text === 'value') return plain(value.expression);
  return value;
}

/** `this.name` inside its class, `Class.name` for a static field. */
function isField(expression: ts.Expression, owner: ts.ClassLikeDeclaration, name: string): boolean {
  const value = unwrapValue(expression);
  if (!ts.isPropertyAccessExpression(value) || value.name.text !== name) return false;
  const target = plain(value.expression);
  const isOwn = target.kind === ts.SyntaxKind.ThisKeyword || (ts.isIdentifier(target) && target.text === owner.name?.text);
  return (isOwn || name.startsWith('#')) && isInside(expression, owner);
}

function isInside(node: ts.Node, owner: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) if (at === owner) return true;
  return false;
}

/** Whether a parameter or local variable of the same name stands between the use and the module. */
function isShadowed(use: ts.Node, name: string): boolean {
  for (let at = use.parent; at !== undefined && !ts.isSourceFile(at); at = at.parent) {
    if (ts.isFunctionLike(at) && at.parameters.some((parameter) => parameter.name.getText() === name)) return true;
    if (ts.isBlock(at) && declares(at.statements, name)) return true;
    if (
      (ts.isForOfStatement(at) || ts.isForStatement(at)) &&
      at.initializer !== undefined &&
      ts.isVariableDeclarationList(at.initializer)
    ) {
      if (at.initializer.declarations.some((declaration) => declaration.name.getText() === name)) return true;
    }
  }
  return false;
}

function declares(statements: readonly ts.Statement[], name: string): boolean {
  return statements.some(
    (statement) =>
      ts.isVariableStatement(statement) &&
      statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name),
  );
}
