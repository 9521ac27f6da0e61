// Calls the official clients of OpenAI, Anthropic and Slack with a door that records each request and sends none.
// Arguments that begin with `fb_` stand for values; all others are literal.
import { createServer } from "node:http";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import { WebClient } from "@slack/web-api";

const requests = { openai: [], anthropic: [], slack: [] };
const recorder = (platform) => async (url, init = {}) => {
  requests[platform].push({ method: init.method ?? "GET", url: String(url), body: init.body ? String(init.body) : null });
  return new Response("{}", { status: 200, headers: { "content-type": "application/json" } });
};

const projects = new OpenAI({ adminAPIKey: "key", fetch: recorder("openai") }).admin.organization.projects;
await projects.apiKeys.list("fb_project_id", { limit: 100, owner_project_access: "any" });
await projects.apiKeys.list("fb_project_id", { limit: 100, after: "fb_after", owner_project_access: "any" });
await projects.apiKeys.delete("fb_api_key_id", { project_id: "fb_project_id" });

const organization = new Anthropic({ apiKey: "key", fetch: recorder("anthropic") }).beta.organization;
await organization.apiKeys.retrieve("fb_api_key_id");
await organization.apiKeys.update("fb_api_key_id", { status: "inactive" });
await organization.apiKeys.update("fb_api_key_id", { status: "active" });
const users = organization.users;
const signOut = users.signOut ?? users.sign_out ?? users.actions?.signOut;
await signOut.call(users, "fb_user_id");

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    requests.slack.push({ method: request.method, url: `https://slack.com${request.url}`, body });
    response.setHeader("content-type", "application/json");
    response.end('{"ok":true}');
  });
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const slack = new WebClient("token", { slackApiUrl: `http://127.0.0.1:${server.address().port}/api/` });
for (const where of [{ team_id: "fb_team" }, { enterprise_id: "fb_enterprise" }]) {
  await slack.admin.apps.restrict({ app_id: "fb_app", ...where });
  await slack.admin.apps.approve({ app_id: "fb_app", ...where });
  await slack.admin.apps.clearResolution({ app_id: "fb_app", ...where });
  for (const page of [{}, { cursor: "fb_cursor" }]) {
    await slack.admin.apps.restricted.list({ ...where, limit: 1000, ...page });
    await slack.admin.apps.approved.list({ ...where, limit: 1000, ...page });
  }
}
await slack.admin.users.session.reset({ user_id: "fb_user" });
await slack.auth.test();
await slack.conversations.info({ channel: "fb_channel" });
await slack.admin.conversations.disconnectShared({ channel_id: "fb_channel", leaving_team_ids: ["fb_team"] });
const types = "public_channel,private_channel,mpim,im";
for (const page of [{}, { cursor: "fb_cursor" }]) {
  await slack.conversations.list({ limit: 200, types, ...page });
  const within = { oldest: "fb_oldest", latest: "fb_latest" };
  await slack.conversations.history({ channel: "fb_channel", ...within, limit: 100, ...page });
  await slack.conversations.replies({ channel: "fb_channel", ts: "fb_ts", limit: 100, ...page });
}
await slack.files.list({ count: 200, page: "fb_page" });
server.close();

console.log(JSON.stringify(requests));
