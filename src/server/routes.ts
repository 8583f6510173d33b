import { Elysia } from "elysia";
import type { House } from "./house.ts";
import { agentSettingRoutes } from "./routes/agent-settings.ts";
import { agentRoutes } from "./routes/agents.ts";
import { attentionRoutes } from "./routes/attention.ts";
import { auditRoutes } from "./routes/audit.ts";
import { auditPageRoutes } from "./routes/audit-page.ts";
import { authRoutes } from "./routes/auth.ts";
import { checkRoutes } from "./routes/checks.ts";
import { contextRoutes } from "./routes/context.ts";
import { deviceSettingRoutes } from "./routes/device-settings.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { driverRoutes } from "./routes/drivers.ts";
import { eventRoutes } from "./routes/events.ts";
import { exportRoutes } from "./routes/export.ts";
import { grantRoutes } from "./routes/grants.ts";
import { healthRoutes } from "./routes/health.ts";
import { injectionRoutes } from "./routes/injections.ts";
import { liveRoutes } from "./routes/live.ts";
import { metricRoutes } from "./routes/metrics.ts";
import { orgRoutes } from "./routes/orgs.ts";
import { pageRoutes } from "./routes/pages.ts";
import { policyRoutes } from "./routes/policy.ts";
import { projectMemberRoutes } from "./routes/project-members.ts";
import { projectPageRoutes } from "./routes/project-pages.ts";
import { projectRoutes } from "./routes/projects.ts";
import { pullRoutes } from "./routes/pulls.ts";
import { readingRoutes } from "./routes/reading.ts";
import { referenceRoutes, type Whole } from "./routes/reference.ts";
import { removalRoutes } from "./routes/removals.ts";
import { searchRoutes } from "./routes/search.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { settingRoutes } from "./routes/settings.ts";
import { shareRoutes } from "./routes/shares.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import { slackRoutes } from "./routes/slack.ts";
import { slackPeopleRoutes } from "./routes/slack-people.ts";
import { slackSettingRoutes } from "./routes/slack-settings.ts";
import { slackWishRoutes } from "./routes/slack-wishes.ts";
import { teamRoutes } from "./routes/team.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { usageRoutes } from "./routes/usage.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

/** Every way in, one file for each group; which comes first matters only where one address holds another. */
export const routesOf = (house: House, whole: Whole) =>
  new Elysia({ name: "routes" })
    .use(healthRoutes(house))
    .use(metricRoutes(house))
    .use(authRoutes(house))
    .use(tokenRoutes(house))
    .use(grantRoutes(house))
    .use(deviceRoutes(house))
    .use(deviceSettingRoutes(house))
    .use(signInRoutes(house))
    .use(orgRoutes(house))
    .use(policyRoutes(house))
    .use(settingRoutes(house))
    .use(projectRoutes(house))
    .use(projectMemberRoutes(house))
    .use(auditRoutes(house))
    .use(auditPageRoutes(house))
    .use(agentRoutes(house))
    .use(agentSettingRoutes(house))
    .use(slackWishRoutes(house))
    .use(slackPeopleRoutes(house))
    .use(searchRoutes(house))
    .use(usageRoutes(house))
    .use(shareRoutes(house))
    .use(exportRoutes(house))
    .use(pullRoutes(house))
    .use(attentionRoutes(house))
    .use(webhookRoutes(house))
    .use(referenceRoutes(house, whole))
    .use(removalRoutes(house))
    .use(sessionRoutes(house))
    .use(readingRoutes(house))
    .use(injectionRoutes(house))
    .use(driverRoutes(house))
    .use(contextRoutes(house))
    .use(eventRoutes(house))
    .use(checkRoutes(house))
    .use(slackRoutes(house))
    .use(slackSettingRoutes(house))
    .use(liveRoutes(house))
    .use(teamRoutes(house))
    .use(projectPageRoutes(house))
    .use(pageRoutes(house));
