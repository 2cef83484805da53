// The tab "Release gate" of a pipeline's run.

import { CommonServiceIds, type IProjectPageService } from 'azure-devops-extension-api';
import { type Build, BuildServiceIds, type IBuildPageDataService } from 'azure-devops-extension-api/Build';
import * as SDK from 'azure-devops-extension-sdk';
import { type Gate, type Summary, summaryOf } from './gates';
import { RunReader } from './run';
import { localised } from './times';
import { View } from './view';

/** What the page of a run gives to its tabs; a service has it too. */
interface Configuration {
    readonly onBuildChanged?: (changed: (build: Build) => void) => void;
}

const view = new View(document.getElementById('tab') ?? document.body);
/** Answers to older questions are not shown. */
let question = 0;

async function show(project: string, run: number): Promise<void> {
    question += 1;
    const asked = question;
    const again = (): void => void show(project, run);
    const reader = new RunReader(project, run);
    try {
        const { gates, going } = await reader.read();
        const summaries = await Promise.all(gates.map((gate) => summary(reader, gate)));
        if (asked !== question) {
            return;
        }
        if (gates.length > 0) {
            view.gates(gates, summaries, going, (gate) => void report(reader, gate, summaries[gates.indexOf(gate)]), again);
        } else if (going) {
            view.say('The run is still going, and no gate has ended yet. Its report appears here when its step has ended.', again);
        } else {
            view.say('This run has no report of a gate. Either no gate ran to its end, or the agent could not upload its attachments; the log of the step RunbookGate says which.', again);
        }
    } catch (error) {
        if (asked === question) {
            view.say(explained(error), again);
        }
    }
}

async function summary(reader: RunReader, gate: Gate): Promise<Summary | undefined> {
    // The page says it all: a list without a decision is better than none.
    return gate.report === undefined ? undefined : summaryOf(await reader.text(gate.report).catch(() => ''));
}

async function report(reader: RunReader, gate: Gate, known: Summary | undefined): Promise<void> {
    if (gate.page === undefined) {
        view.instead(`This gate left no page. ${known === undefined ? '' : `${known.word}: ${known.reason}`}`);
        return;
    }
    view.instead('Reading the report…');
    try {
        view.page(gate.title, localised(await reader.text(gate.page)));
    } catch (error) {
        view.instead(explained(error));
    }
}

/** What went wrong, and what to do. */
function explained(error: unknown): string {
    const { status, message } = (error ?? {}) as { status?: number; message?: string };
    switch (status) {
        case 401:
        case 403:
            return 'You may not read the attachments of this run. Ask an administrator of the project for "View builds" on this pipeline.';
        case 404:
            return 'The run or its attachments are not there any more: a retention rule may have removed them.';
        default:
            return `The report could not be read: ${String(message ?? error).slice(0, 300)}. Look again later; the report is also in the folder of the step and in its published artifact, where there is one.`;
    }
}

async function main(): Promise<void> {
    await SDK.init({ loaded: false, applyTheme: true });
    const { onBuildChanged } = SDK.getConfiguration() as Configuration;
    const service = await SDK.getService<IProjectPageService>(CommonServiceIds.ProjectPageService);
    const project = await service.getProject();
    if (project !== undefined && onBuildChanged !== undefined) {
        // It calls at once, and whenever something happens to the run.
        onBuildChanged((build) => void show(project.id, build.id));
    } else {
        const page = await SDK.getService<IBuildPageDataService>(BuildServiceIds.BuildPageDataService);
        const build = (await page.getBuildPageData())?.build;
        if (project === undefined || build === undefined) {
            view.say('This tab belongs to the page of a pipeline run, and this is none.');
        } else {
            void show(project.id, build.id);
        }
    }
    await SDK.notifyLoadSucceeded();
}

main().catch((error: unknown) => {
    view.say(explained(error));
    void SDK.notifyLoadFailed(String(error));
});
