// A service on loopback that a gate can watch, and policies whose watch takes seconds.

import http from 'node:http';

/**
 * Starts it; `answers` are by path: `{ status, body, headers, hang }`, or `{ make }`, which gives such an answer to a request. Everything else is healthy.
 * @returns {Promise<{ url: string, requests: { url: string, headers: object }[] }>}
 */
export async function service(test, answers = {}) {
    const requests = [];
    const server = http.createServer((request, response) => {
        requests.push({ url: request.url, headers: request.headers });
        const route = request.url.split('?')[0];
        const given = answers[route];
        const answer = given?.make?.(request) ?? given ?? (route.startsWith('/api/v1/') ? prometheus(request.url) : {});
        if (answer.hang) {
            return;
        }
        const { status = 200, body = 'Healthy', headers = { 'content-type': 'text/plain' } } = answer;
        response.writeHead(status, headers);
        response.end(body);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    test.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

/** What a Prometheus server says to a query: one series that is 0.1 all the time. */
function prometheus(url) {
    const query = new URL(url, 'http://x').searchParams;
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(query.get(name)));
    const values = [];
    for (let at = start; at <= end && values.length < 11_000; at += step || 1) {
        values.push([at, '0.1']);
    }
    return { body: JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } }), headers: { 'content-type': 'application/json' } };
}

/** A policy with a probe, and with what a test wants beside it. */
export function policy({ url, environment: environmentName = 'production', observe = '2s', enforcement = 'enforce', azureEnvironment, prometheus: withPrometheus = false, service: name = 'orders', more = '' }) {
    const environment = [`enforcement: ${enforcement}`, ...(azureEnvironment === undefined ? [] : [`azure_environment: ${azureEnvironment}`])].join(', ');
    const signals = withPrometheus ? "signals:\n  latency_p95: { prometheus: { connection: prom, query: 'latency' } }\n" : '';
    return `version: 1
service: ${JSON.stringify(name)}
environments:
  ${environmentName}: { ${environment} }
probe: { url: ${JSON.stringify(url)}, timeout: 330ms }
${signals}gate:
  warmup: 0s
  observe: ${observe}
  interval: 200ms
  baseline: none
  rollback_when: [health failing for 1s]
  verify: [health passing${withPrometheus ? ', latency_p95 < 5s' : ''}]
${more}`;
}
