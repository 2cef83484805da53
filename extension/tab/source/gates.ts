// Which gates a run has: from its attachments and its timelines. Nothing here asks the network.

/** The types of attachment that the task makes: see task/src/agent.rs. */
export const PAGE = 'runbook-gate.page';
export const REPORT = 'runbook-gate.report';
export const CHECKLIST = 'runbook-gate.checklist';

export type AttachmentType = typeof PAGE | typeof REPORT | typeof CHECKLIST;

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
    readonly decision: 'proceed' | 'hold' | 'rollback';
    /** Whether it is about a redeployment: it then says whether the service has recovered. */
    readonly recovery: boolean;
    readonly reason: string;
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
    const gates = [...found.values()].map((gate) => ({ ...gate, ...named(gate.recordId, records) }));
    gates.sort((one, other) => other.ended.localeCompare(one.ended) || one.title.localeCompare(other.title));
    return gates.slice(0, MOST_GATES);
}

/** The names from the stage down to the step. */
function named(recordId: string, records: readonly TimelineRecord[]): { title: string; ended: string } {
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

/** What the JSON report says, or undefined where it is none. */
export function summaryOf(text: string): Summary | undefined {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        return undefined;
    }
    if (typeof value !== 'object' || value === null) {
        return undefined;
    }
    const { decision, reason, recovery, decided_at: decided } = value as Record<string, unknown>;
    if (decision !== 'proceed' && decision !== 'hold' && decision !== 'rollback') {
        return undefined;
    }
    const at = typeof decided === 'string' ? new Date(decided) : undefined;
    return {
        decision,
        recovery: typeof recovery === 'object' && recovery !== null,
        reason: typeof reason === 'string' ? reason.slice(0, 1000) : '',
        ...(at !== undefined && !Number.isNaN(at.getTime()) ? { decidedAt: at } : {}),
    };
}
