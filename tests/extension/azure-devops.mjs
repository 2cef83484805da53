// An Azure DevOps and a GitHub on loopback that say given texts wherever people may write some.

import http from 'node:http';

const PEOPLE_WROTE = '2026-11-24T09:00:00Z';

/** An answer that is no success. */
class Refusal {
    constructor(status, value, headers = {}) {
        Object.assign(this, { status, value, headers });
    }
}

/** A server that answers with what `answer` gives for a method and path, and a body: a JSON value, or a refusal. */
async function server(test, answer) {
    const requests = [];
    const listening = http.createServer(async (request, response) => {
        let body = '';
        for await (const part of request) {
            body += part;
        }
        const url = new URL(request.url, 'http://x');
        requests.push(`${request.method} ${url.pathname}`);
        const given = answer(`${request.method} ${decodeURIComponent(url.pathname)}`, body === '' ? null : JSON.parse(body));
        const { status, headers, value } = given instanceof Refusal ? given : { status: 200, headers: {}, value: given };
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(value));
    });
    await new Promise((resolve) => listening.listen(0, '127.0.0.1', resolve));
    test.after(() => {
        listening.closeAllConnections();
        listening.close();
    });
    return { url: `http://127.0.0.1:${listening.address().port}`, requests };
}

const list = (value) => ({ count: value.length, value });
const person = (name) => ({ id: `id of ${name}`, displayName: name, uniqueName: name });

/**
 * Azure DevOps. Each commit came by a pull request of its own, of which everything that people write is the text at its place; of what
 * there is once, the text is `once`. With `refusing`, every question but for runs is refused in these words.
 */
export function azureDevOps(test, { good, commits, texts, once, branch, refusing = false }) {
    const text = (id) => texts[(id - 1) % texts.length];
    const build = (id, more) => ({ id, buildNumber: once, status: 'completed', result: 'succeeded', sourceBranch: branch, sourceVersion: good, definition: { id: 4, name: once }, tags: ['runbook-gate-proceed-staging'], finishTime: PEOPLE_WROTE, ...more });
    const pullRequest = (id) => ({
        pullRequestId: id, title: text(id), description: `${text(id)}\n\nADR: ${text(id)}\n\n- [x] rollback-plan: ${text(id)}\n- [x] ${text(id)}`, status: 'completed', targetRefName: branch, createdBy: person(text(id)),
        reviewers: [{ ...person(text(id)), vote: id % 2 === 0 ? 10 : -10, votedFor: [person(text(id))] }], labels: [{ name: text(id) }], workItemRefs: [{ id: String(id), url: text(id) }], completionOptions: { mergeStrategy: text(id) },
    });
    const threads = (id) => list([{ id: 1, status: text(id), comments: [{ id: 1, author: person(text(id)), content: `- [x] backups-taken: ${text(id)}\n${text(id)}`, publishedDate: PEOPLE_WROTE, commentType: 'text' }] }]);
    const workItem = (id) => ({
        id, relations: [{ rel: 'Hyperlink', url: text(id), attributes: { comment: text(id) } }],
        fields: { 'System.Title': text(id), 'System.State': text(id), 'System.Tags': text(id), 'System.WorkItemType': text(id), 'System.Description': `<div>${text(id)}</div>[x] backups-taken: ${text(id)}`, 'System.ChangedBy': person(text(id)) },
    });
    const answers = [
        [/^GET .*\/build\/builds$/, () => list([build(100)])],
        [/\/timeline$/, () => ({ id: once, records: [...texts.map((name, index) => ({ id: `s${index}`, type: 'Stage', name, identifier: name, state: 'completed', result: ['failed', name][index % 2], order: index })), { id: 'own', type: 'Stage', name: 'production', identifier: 'production', state: 'inProgress', order: texts.length }] })],
        [/\/artifacts$/, () => list(texts.map((name) => ({ name, resource: { type: name, properties: { artifactsize: name } } })))],
        [/\/test\/runs$/, () => list(texts.map((name, index) => ({ id: index + 1, name, state: ['Completed', name][index % 2], totalTests: 2, runStatistics: [{ outcome: name, count: 1 }, { outcome: 'Passed', count: 1 }] })))],
        [/\/test\/Runs\/\d+\/results$/, () => list([{ automatedTestName: once, automatedTestStorage: once }])],
        [/\/resultsummarybybuild$/, () => ({ aggregatedResultsAnalysis: { totalTests: 2 * texts.length, runSummaryByState: { [once]: { runsCount: 1 } } } })],
        [/\/environments$/, () => list([{ id: 1, name: once }])],
        [/\/pullrequestquery$/, (_, body) => ({ results: body.queries.map(({ items }) => Object.fromEntries(items.map((id) => [id, [{ pullRequestId: commits.indexOf(id) + 1, status: 'completed', targetRefName: branch, title: once }]]))) })],
        [/\/threads$/, (path) => threads(Number(path.split('/').at(-2)))],
        [/\/pullrequests\/\d+$/, (path) => pullRequest(Number(path.split('/').at(-1)))],
        [/\/workitemsbatch$/, (_, body) => list(body.ids.map(workItem))],
        [/\/updates$/, (path) => list([{ id: 1, revisedBy: person(text(Number(path.split('/').at(-2)))), fields: { 'System.Description': { newValue: workItem(Number(path.split('/').at(-2))).fields['System.Description'] } } }])],
    ];
    return server(test, (path, body) => {
        const found = answers.find(([pattern]) => pattern.test(path));
        if (found === undefined || (refusing && !/\/build\/builds$/.test(path))) {
            return new Refusal(403, { message: once, typeKey: once }, { activityid: header(once) });
        }
        return found[1](path, body);
    });
}

/** GitHub, likewise. */
export function gitHub(test, { commits, texts, branch }) {
    const text = (id) => texts[(id - 1) % texts.length];
    const user = (login) => ({ login, type: 'User' });
    const answers = [
        [/\/commits\/[0-9a-f]+\/pulls$/, (path) => {
            const number = commits.indexOf(path.split('/').at(-2)) + 1;
            return number === 0 ? [] : [{ number, title: text(number), body: `${text(number)}\n\nADR: ${text(number)}\nAB#${text(number)}\n- [x] rollback-plan: ${text(number)}`, user: user(text(number)), labels: [{ name: text(number) }], merged_at: PEOPLE_WROTE, merge_commit_sha: commits[number - 1], base: { ref: branch, repo: { full_name: 'contoso/orders' } } }];
        }],
        [/\/reviews$/, (path) => ['APPROVED', 'CHANGES_REQUESTED'].map((state, index) => ({ id: index, user: user(`${text(Number(path.split('/').at(-2)))}${index}`), state, author_association: 'MEMBER', submitted_at: PEOPLE_WROTE, body: text(Number(path.split('/').at(-2))) }))],
        [/\/comments$/, (path) => [{ id: 1, user: user(text(Number(path.split('/').at(-2)))), author_association: 'MEMBER', body: `- [x] backups-taken: ${text(Number(path.split('/').at(-2)))}`, created_at: PEOPLE_WROTE, updated_at: PEOPLE_WROTE }]],
    ];
    return server(test, (path) => answers.find(([pattern]) => pattern.test(path))?.[1](path) ?? new Refusal(404, { message: texts[0] }));
}

const header = (text) => text.replace(/[^\t\x20-\x7e]/g, '') || 'x';
