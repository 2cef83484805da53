// GitHub's published GraphQL schema between the gate and the tests' GitHub: `node github.mjs PORT UPSTREAM`, both ports on loopback.
// What the schema does not allow is refused, whoever said it, and said in a line with the word VIOLATIONS: a question that is not
// valid, variables of another type, an answer that is no result of its question. Everything else is passed on as it is.
import http from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { schema as published } from '@octokit/graphql-schema';
import { buildSchema, execute, getOperationAST, getVariableValues, parse, validate } from 'graphql';

const [port, upstream] = process.argv.slice(2).map(Number);
// The file repeats some definitions, which GitHub's own server does not.
const schema = buildSchema(published.idl, { assumeValidSDL: true });

/** What is wrong with a question: nothing, or lines. */
function wrongQuestion({ query, variables }) {
    let document;
    try {
        document = parse(query);
    } catch (error) {
        return { wrong: [error.message] };
    }
    const wrong = validate(schema, document).map((error) => error.message);
    const declared = getOperationAST(document)?.variableDefinitions ?? [];
    const known = new Set(declared.map(({ variable }) => variable.name.value));
    wrong.push(...Object.keys(variables ?? {}).filter((name) => !known.has(name)).map((name) => `nobody declares $${name}`));
    wrong.push(...(getVariableValues(schema, declared, variables ?? {}).errors ?? []).map((error) => error.message));
    return { document, wrong };
}

/** What is wrong with an answer: the schema's own rules complete it again, and have to come to the same. */
async function wrongAnswer(document, variables, answer) {
    const wrong = Object.keys(answer).filter((key) => !['data', 'errors', 'extensions'].includes(key)).map((key) => `nobody knows ${key}`);
    const faults = answer.errors ?? [];
    if (!Array.isArray(faults) || ('errors' in answer && faults.length === 0)) {
        wrong.push('errors is no list, or an empty one');
    } else {
        wrong.push(...faults.filter(({ message }) => typeof message !== 'string').map(() => 'an error without a message'));
    }
    if (!('data' in answer) && faults.length === 0) {
        wrong.push('neither data nor errors');
    }
    if (answer.data === undefined || answer.data === null) {
        return wrong;
    }
    const completed = await execute({
        schema,
        document,
        variableValues: variables,
        rootValue: answer.data,
        fieldResolver: (source, _, __, { path, parentType, fieldName }) => {
            if (!Object.hasOwn(source, path.key)) {
                throw new Error(`${path.key} (${parentType.name}.${fieldName}) is missing`);
            }
            return source[path.key];
        },
        typeResolver: (value) => value.__typename,
    });
    wrong.push(...(completed.errors ?? []).map((error) => `${(error.path ?? []).join('.')}: ${error.message}`));
    // Objects of the schema's rules have no prototype.
    if (wrong.length === 0 && !isDeepStrictEqual(JSON.parse(JSON.stringify(completed.data)), answer.data)) {
        wrong.push('there is more in it than was asked for');
    }
    return wrong;
}

function refused(response, status, who, wrong) {
    console.log(`VIOLATIONS of the ${who}: ${wrong.join('; ')}`);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ message: wrong.join('; ') }));
}

async function whole(stream) {
    const parts = [];
    for await (const part of stream) {
        parts.push(part);
    }
    return Buffer.concat(parts);
}

const server = http.createServer(async (request, response) => {
    const body = await whole(request);
    const graphql = request.url.endsWith('/graphql');
    let question;
    let document;
    if (graphql) {
        question = JSON.parse(body);
        const checked = wrongQuestion(question);
        if (checked.wrong.length > 0) {
            refused(response, 422, 'question', checked.wrong);
            return;
        }
        document = checked.document;
    }
    const onward = http.request({ host: '127.0.0.1', port: upstream, method: request.method, path: request.url, headers: request.headers });
    onward.on('error', () => response.destroy());
    onward.on('response', async (incoming) => {
        const answer = await whole(incoming);
        if (graphql && incoming.statusCode === 200) {
            const wrong = await wrongAnswer(document, question.variables, JSON.parse(answer));
            if (wrong.length > 0) {
                refused(response, 500, 'answer', wrong);
                return;
            }
            console.log(`kept by a question of ${body.length} and an answer of ${answer.length} bytes`);
        }
        response.writeHead(incoming.statusCode, incoming.headers).end(answer);
    });
    onward.end(body);
});
server.listen(port, '127.0.0.1');
