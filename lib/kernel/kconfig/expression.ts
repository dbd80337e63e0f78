/** A dependency as Kconfig writes it: `NET && (INET || !MODULES) && PCI=y`. */
export type Expression =
  | { kind: 'symbol'; name: string }
  | { kind: 'constant'; value: string }
  | { kind: 'compare'; operator: string; left: Expression; right: Expression }
  | { kind: 'not'; of: Expression }
  | { kind: 'and' | 'or'; left: Expression; right: Expression }
  /** A macro, such as $(cc-option,…), whose value is known only in a build. */
  | { kind: 'unknown' };

const tokenPattern =
  /\s*(&&|\|\||!=|<=|>=|[=!<>()]|"[^"]*"|'[^']*'|\$\((?:[^()]|\([^()]*\))*\)|[A-Za-z0-9_]+)/y;

/** Undefined if the text is not a Kconfig expression. */
export function parseExpression(text: string): Expression | undefined {
  const tokens: string[] = [];
  const trimmed = text.replace(/#.*$/, '').trim();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < trimmed.length) {
    const token = tokenPattern.exec(trimmed)?.[1];
    if (token === undefined) return undefined;
    tokens.push(token);
  }
  let at = 0;
  const either = (): Expression | undefined => joined('or', '||', both);
  const both = (): Expression | undefined => joined('and', '&&', single);
  const joined = (
    kind: 'and' | 'or',
    operator: string,
    part: () => Expression | undefined,
  ): Expression | undefined => {
    let left = part();
    while (left && tokens[at] === operator) {
      at++;
      const right = part();
      left = right && { kind, left, right };
    }
    return left;
  };
  const single = (): Expression | undefined => {
    if (tokens[at] === '!') {
      at++;
      const of = single();
      return of && { kind: 'not', of };
    }
    if (tokens[at] === '(') {
      at++;
      const inner = either();
      return tokens[at++] === ')' ? inner : undefined;
    }
    const left = operand();
    const operator = tokens[at] ?? '';
    if (!left || !/^([=<>]|!=|<=|>=)$/.test(operator)) return left;
    at++;
    const right = operand();
    return right && { kind: 'compare', operator, left, right };
  };
  const operand = (): Expression | undefined => {
    const token = tokens[at++];
    if (token === undefined) return undefined;
    if (token.startsWith('$(')) return { kind: 'unknown' };
    if (/^["']/.test(token)) {
      return token.includes('$(') ? { kind: 'unknown' } : { kind: 'constant', value: token.slice(1, -1) };
    }
    if (/^([ymn]|\d+|0x[0-9a-fA-F]+)$/.test(token)) return { kind: 'constant', value: token };
    return /^\w+$/.test(token) ? { kind: 'symbol', name: token } : undefined;
  };
  const result = either();
  return at === tokens.length ? result : undefined;
}

/** n, m and y as numbers. */
export type Tristate = 0 | 1 | 2;

/** Undefined if the result depends on a macro. */
export function evaluate(expression: Expression, value: (symbol: string) => string): Tristate | undefined {
  switch (expression.kind) {
    case 'unknown':
      return undefined;
    case 'constant':
      return tristate(expression.value);
    case 'symbol':
      return tristate(value(expression.name));
    case 'not': {
      const of = evaluate(expression.of, value);
      return of === undefined ? undefined : ((2 - of) as Tristate);
    }
    case 'compare':
      return compare(expression, value);
    case 'and':
    case 'or': {
      const sides = [evaluate(expression.left, value), evaluate(expression.right, value)];
      const known = sides.filter((side) => side !== undefined);
      if (expression.kind === 'and' && known.includes(0)) return 0;
      if (expression.kind === 'or' && known.includes(2)) return 2;
      if (known.length < 2) return undefined;
      return (expression.kind === 'and' ? Math.min(...known) : Math.max(...known)) as Tristate;
    }
    default:
      expression satisfies never;
  }
}

function compare(
  { operator, left, right }: Extract<Expression, { kind: 'compare' }>,
  value: (symbol: string) => string,
): Tristate | undefined {
  const text = (side: Expression) =>
    side.kind === 'symbol' ? value(side.name) : side.kind === 'constant' ? side.value : undefined;
  const [a, b] = [text(left), text(right)];
  if (a === undefined || b === undefined) return undefined;
  const order = Number(a) - Number(b) || 0;
  const holds = {
    '=': a === b,
    '!=': a !== b,
    '<': order < 0,
    '>': order > 0,
    '<=': order <= 0,
    '>=': order >= 0,
  }[operator];
  return holds ? 2 : 0;
}

function tristate(value: string): Tristate {
  return value === 'y' ? 2 : value === 'm' ? 1 : 0;
}

/** Operands of `&&` that keep the expression below `wanted`, in Kconfig's notation with each symbol's value. */
export function unmet(expression: Expression, wanted: Tristate, value: (symbol: string) => string): string[] {
  const result = evaluate(expression, value);
  if (result === undefined || result >= wanted) return [];
  if (expression.kind === 'and') {
    return [...unmet(expression.left, wanted, value), ...unmet(expression.right, wanted, value)];
  }
  return [format(expression, value)];
}

function format(expression: Expression, value: (symbol: string) => string): string {
  const inner = (side: Expression) =>
    side.kind === 'and' || side.kind === 'or' ? `(${format(side, value)})` : format(side, value);
  switch (expression.kind) {
    case 'unknown':
      return '…';
    case 'constant':
      return expression.value;
    case 'symbol':
      return `${expression.name} (${value(expression.name)})`;
    case 'not':
      return `!${inner(expression.of)}`;
    case 'compare':
      return `${format(expression.left, value)} ${expression.operator} ${format(expression.right, value)}`;
    case 'and':
    case 'or':
      return `${inner(expression.left)} ${expression.kind === 'and' ? '&&' : '||'} ${inner(expression.right)}`;
  }
}
