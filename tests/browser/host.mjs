// Stands for the page of a run: the real channel of the SDK, with the few services that the tab asks its host for.

import { channelManager } from '../../node_modules/azure-devops-extension-sdk/esm/XDM.js';

const build = { id: 7 };
// Some pages of a run say which one it is by a call, others by a service.
const byService = new URLSearchParams(location.search).has('service');
const services = {
    'ms.vss-tfs-web.tfs-page-data-service': { getProject: () => ({ id: 'project', name: 'Contoso' }) },
    'ms.vss-build-web.build-page-data-service': { getBuildPageData: () => ({ build }) },
    'ms.vss-features.location-service': {
        getResourceAreaLocation: () => `${location.origin}/`,
        getServiceLocation: () => `${location.origin}/`,
    },
};
const frame = document.querySelector('iframe');
const registry = channelManager.addChannel(frame.contentWindow, location.origin).getObjectRegistry();
registry.register('DevOps.HostControl', {
    initialHandshake: () => ({
        contributionId: 'contoso.runbook-gate.runbook-gate-tab',
        context: { extension: { id: 'contoso.runbook-gate' }, user: {}, host: {}, pageContext: {} },
        initialConfig: byService ? {} : { onBuildChanged: (changed) => changed(build) },
        themeData: { 'background-color': '#fff', 'text-primary-color': '#171c21', 'text-secondary-color': '#515b66' },
    }),
    notifyLoadSucceeded: () => void (document.title = 'loaded'),
    notifyLoadFailed: (error) => void (document.title = `failed: ${error}`),
    getAccessToken: () => ({ token: 'token-of-the-reader' }),
});
registry.register('DevOps.ServiceManager', { getService: (id) => services[id] });
frame.src = '/tab/tab.html';
