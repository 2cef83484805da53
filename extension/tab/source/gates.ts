// Which gates a run has: from its attachments and its timelines. Nothing here asks the network.

/** The types of attachment that the task makes: see task/src/agent.rs. */
const PAGE = 'runbook-gate.page';
const REPORT = 'runbook-gate.report';
const CHECKLIST = 'runbook-gate.checklist';
const PLAN = 'runbook-gate.rollback-plan';

/** All of them: a step has a page, and one of the others. */
export const TYPES = [PAGE, REPORT, CHECKLIST, PLAN] as const;
export type AttachmentType = (typeof TYPES)[number];

/** More gates than that are not listed. */
export const MOST_GATES = 50;

/** An attachment as the service lists it. */
export interface Listed {
    readonly name: string;
    readonly _links?: { readonly self?: { readonly href?: string } };
}

/** A step, a job or a stage of a run. */
export interface TimelineRecord {
    readonly id: string;
    readonly parentId?: string;
    readonly type?: string;
    readonly name?: string;
    readonly attempt?: number;
    readonly order?: number;
    readonly finishTime?: Date | string;
}

/** Where an attachment is. */
export interface Place {
    readonly timelineId: string;
    readonly recordId: string;
    readonly type: AttachmentType;
    readonly name: string;
}

/** What the run has of one type. */
export interface ListedOfType {
    readonly type: AttachmentType;
    readonly list: readonly Listed[];
}

/** A step that left a report. */
export interface Gate {
    readonly timelineId: string;
    readonly recordId: string;
    readonly page?: Place;
    readonly report?: Place;
    /** `Production / Watch / Runbook gate`, with the attempt where it is not the first. */
    readonly title: string;
    /** When its step ended; empty where that is not known. */
    readonly ended: string;
}

/** What the list says of a gate. */
export interface Summary {
    readonly tone: 'good' | 'open' | 'bad';
    /** Its own word, with a sign: a colour alone says nothing to some. */
    readonly word: string;
    readonly reason: string;
    /** Of a rollback plan: the version that is gone back to. */
    readonly target?: string;
    readonly decidedAt?: Date;
}

const GUID = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const SELF = new RegExp(`/(${GUID})/(${GUID})/attachments/[^/]+/`);

/** Where an attachment is, or undefined where its link has another form. */
export function placeOf(type: AttachmentType, attachment: Listed): Place | undefined {
    const found = SELF.exec(attachment._links?.self?.href ?? '');
    const [, timelineId, recordId] = found ?? [];
    return timelineId === undefined || recordId === undefined ? undefined : { timelineId, recordId, type, name: attachment.name };
}

/** The gates of a run, the last one to end first. */
export function gatesOf(attachments: readonly ListedOfType[], records: readonly TimelineRecord[]): Gate[] {
    const found = new Map<string, { page?: Place; report?: Place; timelineId: string; recordId: string }>();
    for (const { type, list } of attachments) {
        for (const place of list.map((each) => placeOf(type, each))) {
            if (place !== undefined) {
                const { timelineId, recordId } = place;
                const key = `${timelineId}/${recordId}`.toLowerCase();
                found.set(key, { ...found.get(key), timelineId, recordId, [type === PAGE ? 'page' : 'report']: place });
            }
        }
    }
    const gates = [...found.values()].map((gate) => ({ ...gate, ...placed(gate.recordId, records) }));
    gates.sort((one, other) => other.ended.localeCompare(one.ended) || one.title.localeCompare(other.title));
    return gates.slice(0, MOST_GATES);
}

/** The names from the stage down to the step. */
function placed(recordId: string, records: readonly TimelineRecord[]): { title: string; ended: string } {
    const byId = new Map(records.map((record) => [record.id.toLowerCase(), record]));
    const step = byId.get(recordId.toLowerCase());
    if (step === undefined) {
        return { title: 'A step of an earlier attempt', ended: '' };
    }
    const names: string[] = [];
    let attempt = 1;
    const seen = new Set<TimelineRecord>();
    for (let record: TimelineRecord | undefined = step; record !== undefined && !seen.has(record); record = byId.get(record.parentId?.toLowerCase() ?? '')) {
        seen.add(record);
        attempt = Math.max(attempt, record.attempt ?? 1);
        const shown = record.type === 'Stage' || record.type === 'Job' || record.type === 'Task';
        if (shown && record.name !== undefined && record.name !== '__default' && names[0] !== record.name) {
            names.unshift(record.name);
        }
    }
    const ended = step.finishTime === undefined ? '' : new Date(step.finishTime);
    return {
        title: `${names.join(' / ')}${attempt > 1 ? ` (attempt ${attempt})` : ''}`,
        ended: ended === '' || Number.isNaN(ended.getTime()) ? '' : ended.toISOString(),
    };
}

const DECISIONS = {
    proceed: { tone: 'good', word: '✓ Proceed' },
    hold: { tone: 'open', word: 'Ⅱ Hold' },
    rollback: { tone: 'bad', word: '↩ Rollback' },
} as const;
const RECOVERED = { tone: 'good', word: '✓ Recovered' } as const;
const NOT_RECOVERED = { tone: 'open', word: 'Ⅱ Not recovered' } as const;
const PLANS = {
    safe: { tone: 'good', word: '✓ Rollback plan, safe' },
    doubtful: { tone: 'open', word: 'Ⅱ Rollback plan, not proved to be safe' },
    none: { tone: 'bad', word: '✗ Rollback plan, nothing to go back to' },
} as const;

type Fields = Readonly<Record<string, unknown>>;

/** What the JSON report says, or undefined where it is none. */
export function summaryOf(text: string): Summary | undefined {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        return undefined;
    }
    if (!isObject(value)) {
        return undefined;
    }
    return value['kind'] === 'rollback-plan' ? ofPlan(value) : ofDecision(value);
}

function isObject(value: unknown): value is Fields {
    return typeof value === 'object' && value !== null;
}

function reasonOf({ reason }: Fields): string {
    return typeof reason === 'string' ? reason.slice(0, 1000) : '';
}

function ofDecision(report: Fields): Summary | undefined {
    const { decision, recovery, decided_at: decided } = report;
    if (decision !== 'proceed' && decision !== 'hold' && decision !== 'rollback') {
        return undefined;
    }
    const at = typeof decided === 'string' ? new Date(decided) : undefined;
    const recovered = decision === 'proceed' ? RECOVERED : NOT_RECOVERED;
    return {
        ...(isObject(recovery) ? recovered : DECISIONS[decision]),
        reason: reasonOf(report),
        ...(at !== undefined && !Number.isNaN(at.getTime()) ? { decidedAt: at } : {}),
    };
}

/** A plan is safe only where it says so itself. */
function ofPlan(plan: Fields): Summary {
    const release = isObject(plan['target']) ? plan['target']['release'] : undefined;
    if (!isObject(release)) {
        return { ...PLANS.none, reason: reasonOf(plan) };
    }
    return { ...(plan['rollback_safe'] === true ? PLANS.safe : PLANS.doubtful), reason: reasonOf(plan), target: named(release) };
}

/** As the reports name a release: `1.3.0 (run 12, commit 1a2b3c4)`. */
function named({ version, run, commit }: Fields): string {
    const known = typeof version === 'string' ? version.slice(0, 200) : '';
    const rest = [
        ...(typeof run === 'number' ? [`run ${run}`] : []),
        ...(typeof commit === 'string' && commit !== '' ? [`commit ${commit.slice(0, 7)}`] : []),
    ].join(', ');
    return known !== '' && rest !== '' ? `${known} (${rest})` : known || rest || 'a version that nobody named';
}
