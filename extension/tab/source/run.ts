// What the tab asks Azure DevOps: the attachments and the timelines of one run, with the rights of whoever looks.

import { getClient } from 'azure-devops-extension-api';
import { BuildRestClient, BuildStatus } from 'azure-devops-extension-api/Build';
import { type AttachmentType, type Gate, type ListedOfType, type Place, TYPES, type TimelineRecord, gatesOf, placeOf } from './gates';

/** A larger attachment is not read. */
const LARGEST = 5 * 1024 * 1024;
/** Timelines of earlier attempts that are asked for. */
const MOST_TIMELINES = 10;

/** What is known of a run. */
export interface Run {
    readonly gates: readonly Gate[];
    readonly going: boolean;
}

/** Reads one run. */
export class RunReader {
    readonly #client = getClient(BuildRestClient);

    constructor(
        readonly project: string,
        readonly id: number,
    ) {}

    async read(): Promise<Run> {
        const { id } = this;
        const listed = async (type: AttachmentType): Promise<ListedOfType> => ({ type, list: await this.#client.getAttachments(this.project, id, type) });
        const [build, attachments, timeline] = await Promise.all([
            this.#client.getBuild(this.project, id),
            Promise.all(TYPES.map(listed)),
            this.#client.getBuildTimeline(this.project, id),
        ]);
        const records: TimelineRecord[] = [...(timeline?.records ?? [])];
        const known = new Set([timeline?.id?.toLowerCase()]);
        const others = attachments.flatMap(({ type, list }) => list.map((each) => placeOf(type, each))).filter((place) => place !== undefined);
        for (const { timelineId } of others) {
            if (!known.has(timelineId.toLowerCase()) && known.size <= MOST_TIMELINES) {
                known.add(timelineId.toLowerCase());
                // A name that is missing is no reason to show no report.
                const earlier = await this.#client.getBuildTimeline(this.project, id, timelineId).catch(() => undefined);
                records.push(...(earlier?.records ?? []));
            }
        }
        return { gates: gatesOf(attachments, records), going: build.status !== BuildStatus.Completed };
    }

    /** The text of an attachment. */
    async text(place: Place): Promise<string> {
        const bytes = await this.#client.getAttachment(this.project, this.id, place.timelineId, place.recordId, place.type, place.name);
        if (bytes.byteLength > LARGEST) {
            throw new Error(`the attachment ${place.name} has ${bytes.byteLength} bytes, more than the tab reads`);
        }
        return new TextDecoder().decode(bytes);
    }
}
