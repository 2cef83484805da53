// The expression language of Azure Pipelines' conditions, as far as the templates use it.

const FUNCTIONS = {
    and: (...values) => values.every(truthy),
    or: (...values) => values.some(truthy),
    not: (value) => !truthy(value),
    coalesce: (...values) => values.find((value) => value !== null && value !== '') ?? null,
    eq: (left, right) => equal(left, right),
    ne: (left, right) => !equal(left, right),
    in: (value, ...others) => others.some((other) => equal(value, other)),
    startsWith: (text, start) => String(text ?? '').toLowerCase().startsWith(String(start).toLowerCase()),
    notIn: (value, ...others) => !others.some((other) => equal(value, other)),
};

/** Names that depend on how the other jobs ended. */
export const STATUS_FUNCTIONS = ['always', 'canceled', 'failed', 'succeeded', 'succeededOrFailed'];

function truthy(value) {
    return value !== null && value !== false && value !== '' && value !== 0;
}

function equal(left, right) {
    // An output that was never set is null, and is compared as an empty text; texts are compared without case.
    return String(left ?? '').toLowerCase() === String(right ?? '').toLowerCase();
}

/** Reads a condition; throws where it is none. */
export function parseCondition(text) {
    const tokens = [...text.matchAll(/\s*(?:('(?:[^']|'')*')|([A-Za-z_][\w-]*)|(-?\d+(?:\.\d+)?)|([()[\].,])|(\S))/gy)].map(
        ([, quoted, name, number, mark, wrong]) => {
            if (wrong !== undefined) {
                throw new Error(`${wrong} is not expected in ${text}`);
            }
            return { quoted, name, number, mark };
        },
    );
    let at = 0;
    const take = (mark) => {
        if (tokens[at]?.mark !== mark) {
            throw new Error(`${mark} is missing in ${text}`);
        }
        at += 1;
    };
    const expression = () => {
        const token = tokens[at] ?? {};
        at += 1;
        if (token.quoted !== undefined) {
            return { value: token.quoted.slice(1, -1).replaceAll("''", "'") };
        }
        if (token.number !== undefined) {
            return { value: Number(token.number) };
        }
        if (token.name === undefined) {
            throw new Error(`a value is missing in ${text}`);
        }
        if (tokens[at]?.mark === '(') {
            return call(token.name);
        }
        return path(token.name);
    };
    const call = (name) => {
        if (FUNCTIONS[name] === undefined && !STATUS_FUNCTIONS.includes(name)) {
            throw new Error(`there is no function ${name} in ${text}`);
        }
        take('(');
        const given = [];
        while (tokens[at]?.mark !== ')') {
            given.push(expression());
            if (tokens[at]?.mark !== ')') {
                take(',');
            }
        }
        take(')');
        return { call: name, given };
    };
    const path = (name) => {
        const steps = [name];
        for (;;) {
            if (tokens[at]?.mark === '.') {
                at += 1;
                steps.push(tokens[at]?.name);
                at += 1;
            } else if (tokens[at]?.mark === '[') {
                at += 1;
                steps.push(tokens[at]?.quoted?.slice(1, -1));
                at += 1;
                take(']');
            } else {
                break;
            }
        }
        if (steps.includes(undefined)) {
            throw new Error(`a name is missing in ${text}`);
        }
        return { path: steps };
    };
    const tree = expression();
    if (at !== tokens.length) {
        throw new Error(`something is left over in ${text}`);
    }
    return tree;
}

/** The value of an expression; `context` has what its paths begin with, and `statuses` for the status functions. */
export function evaluate(tree, context) {
    if ('value' in tree) {
        return tree.value;
    }
    if ('path' in tree) {
        return tree.path.reduce((value, step) => value?.[step] ?? null, context);
    }
    if (STATUS_FUNCTIONS.includes(tree.call)) {
        return context.statuses[tree.call];
    }
    return FUNCTIONS[tree.call](...tree.given.map((each) => evaluate(each, context)));
}

/** Every path that a condition reads. */
export function pathsOf(tree) {
    return 'path' in tree ? [tree.path] : (tree.given ?? []).flatMap(pathsOf);
}
