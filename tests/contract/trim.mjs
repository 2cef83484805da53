// Writes the part of Microsoft's contract that the gate uses: node tests/contract/trim.mjs WHOLE.json > tests/contract/azure-devops-7.1.json
import { readFileSync } from 'node:fs'

const api = '/{organization}/{project}/_apis/'
const used = [
  ['post', 'git/repositories/{repositoryId}/pullrequestquery'],
  ['get', 'git/repositories/{repositoryId}/pullrequests/{pullRequestId}'],
  ['get', 'git/repositories/{repositoryId}/pullRequests/{pullRequestId}/threads'],
  ['post', 'git/repositories/{repositoryId}/pullRequests/{pullRequestId}/threads'],
  ['patch', 'git/repositories/{repositoryId}/pullRequests/{pullRequestId}/threads/{threadId}'],
  ['patch', 'git/repositories/{repositoryId}/pullRequests/{pullRequestId}/threads/{threadId}/comments/{commentId}'],
  ['post', 'git/repositories/{repositoryId}/pullRequests/{pullRequestId}/statuses'],
  ['get', 'git/repositories/{repositoryId}/items'],
  ['post', 'wit/workitemsbatch'],
  ['get', 'wit/workItems/{id}/updates'],
  ['post', 'wit/workitems/${type}'],
  ['patch', 'wit/workitems/{id}'],
  ['get', 'build/builds'],
  ['get', 'build/builds/{buildId}'],
  ['get', 'build/builds/{buildId}/timeline'],
  ['get', 'build/builds/{buildId}/artifacts'],
  ['get', 'build/builds/{buildId}/changes'],
  ['get', 'build/changes'],
  ['get', 'build/builds/{buildId}/tags'],
  ['put', 'build/builds/{buildId}/tags/{tag}'],
  ['get', 'build/builds/{buildId}/attachments/{type}'],
  ['get', 'build/builds/{buildId}/{timelineId}/{recordId}/attachments/{type}/{name}'],
  ['get', 'build/builds/{buildId}/leases'],
  ['post', 'build/retention/leases'],
  ['delete', 'build/retention/leases'],
  ['get', 'pipelines/{pipelineId}/runs/{runId}'],
  ['get', 'pipelines/approvals'],
  ['get', 'test/runs'],
  ['get', 'test/Runs/{runId}/results'],
  ['get', 'testresults/resultsummarybybuild'],
  ['get', 'distributedtask/environments'],
  ['get', 'distributedtask/environments/{environmentId}/environmentdeploymentrecords'],
]

const whole = JSON.parse(readFileSync(process.argv[2], 'utf8').replace(/^\uFEFF/, ''))
const paths = {}
for (const [method, path] of used) {
  const operation = whole.paths[api + path]?.[method]
  if (!operation) throw new Error(`the contract has no ${method} ${path}`)
  paths[api + path] = { ...paths[api + path], [method]: operation }
}
// The service takes a query without a team too; the contract names it only with one.
const wiql = structuredClone(whole.paths['/{organization}/{project}/{team}/_apis/wit/wiql'].post)
wiql.parameters = wiql.parameters.filter(parameter => parameter.name !== 'team')
paths[`${api}wit/wiql`] = { post: wiql }

const definitions = {}
const kept = { parameters: whole.parameters, definitions: whole.definitions }
const follow = value => {
  if (Array.isArray(value)) return value.forEach(follow)
  if (value === null || typeof value !== 'object') return
  const found = typeof value.$ref === 'string' && value.$ref.match(/^#\/definitions\/(.+)$/)
  if (found && !(found[1] in definitions)) {
    definitions[found[1]] = kept.definitions[found[1]]
    follow(definitions[found[1]])
  }
  Object.values(value).forEach(follow)
}
follow(paths)

// Prose and examples are not checked; they are most of the file.
const bare = (value, named = false) => {
  if (Array.isArray(value)) return value.map(item => bare(item))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value)
    .filter(([key, item]) => named || !(['description', 'summary'].includes(key) && typeof item === 'string') && !['x-ms-examples', 'x-ms-docs-override-version', 'externalDocs', 'x-ms-vss-resource', 'x-ms-vss-method', 'x-ms-preview'].includes(key))
    .map(([key, item]) => [key, bare(item, ['properties', 'definitions', 'paths'].includes(key))]))
}
// A response needs its description, and an enumeration that may be null needs null among its words.
const mend = value => {
  if (value === null || typeof value !== 'object') return
  if (value['x-nullable'] && Array.isArray(value.enum) && !value.enum.includes(null)) value.enum.push(null)
  for (const response of Object.values(value.responses ?? {})) response.description = ''
  Object.values(value).forEach(mend)
}
const sorted = Object.fromEntries(Object.entries(definitions).sort(([one], [other]) => one < other ? -1 : 1))
const part = bare({ ...whole, paths, definitions: sorted })
mend(part)
process.stdout.write(`${JSON.stringify(part, null, 1)}\n`)
