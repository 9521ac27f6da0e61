"""Prunes official descriptions to the operations in use, as facts: method, path, query, and the schema of the body."""
import json
import re
import sys
import urllib.parse
import zipfile

work, here = sys.argv[1:3]
KEPT = ("type", "enum", "required", "minItems", "maxItems", "format", "nullable")


def schema(value, resolve, depth=0):
    """The constraints of a JSON schema, without its prose and examples."""
    value = resolve(value)
    kept = {key: value[key] for key in KEPT if key in value and not (key == "required" and value[key] in (True, False))}
    if depth < 4 and "properties" in value:
        kept["properties"] = {name: schema(one, resolve, depth + 1) for name, one in value["properties"].items()}
    if depth < 4 and "items" in value:
        kept["items"] = schema(value["items"], resolve, depth + 1)
    return kept


def write(platform, source, licence, operations):
    operations.sort(key=lambda one: (one["path"], one["method"], json.dumps(one["body"])))
    lines = ",\n".join("  " + json.dumps(one) for one in operations)
    head = json.dumps({"source": source, "licence": licence})[1:-1]
    with open(f"{here}/{platform}.json", "w") as file:
        file.write(f'{{{head}, "operations": [\n{lines}\n]}}\n')


def openapi(document, wanted):
    def resolve(value):
        while "$ref" in value:
            target = document
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            value = target
        return value

    for method, path in wanted:
        operation = document["paths"][path][method.lower()]
        parameters = [resolve(one) for one in operation.get("parameters", [])]
        body = next((one for one in parameters if one["in"] == "body"), None)
        content = resolve(operation.get("requestBody", {})).get("content", {}).get("application/json")
        found = body or content
        yield {
            "method": method,
            "path": path,
            "query": [one["name"] for one in parameters if one["in"] == "query"],
            "body": schema(found["schema"], resolve) if found else None,
        }


GITHUB = """
POST /app/installations/{installation_id}/access_tokens
GET /rate_limit
GET /user
POST /credentials/revoke
GET /orgs/{org}/personal-access-tokens
POST /orgs/{org}/personal-access-tokens/{pat_id}
GET /orgs/{org}/credential-authorizations
DELETE /orgs/{org}/credential-authorizations/{credential_id}
GET /enterprises/{enterprise}/apps/organizations/{org}/installations
GET /enterprises/{enterprise}/apps/organizations/{org}/installations/{installation_id}/repositories
PATCH /enterprises/{enterprise}/apps/organizations/{org}/installations/{installation_id}/repositories
GET /repos/{owner}/{repo}/keys
POST /repos/{owner}/{repo}/keys
DELETE /repos/{owner}/{repo}/keys/{key_id}
GET /orgs/{org}/memberships/{username}
PUT /orgs/{org}/memberships/{username}
DELETE /orgs/{org}/memberships/{username}
GET /orgs/{org}/teams/{team_slug}/memberships/{username}
PUT /orgs/{org}/teams/{team_slug}/memberships/{username}
GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}
PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/disable
PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable
GET /orgs/{org}/actions/runners/{runner_id}
DELETE /orgs/{org}/actions/runners/{runner_id}
"""

OKTA = """
GET /api/v1/users/{userId}
POST /api/v1/users/{userId}/lifecycle/suspend
POST /api/v1/users/{userId}/lifecycle/unsuspend
DELETE /api/v1/users/{userId}/sessions
GET /api/v1/apps/{appId}
POST /api/v1/apps/{appId}/lifecycle/activate
POST /api/v1/apps/{appId}/lifecycle/deactivate
GET /api/v1/users/{userId}/grants/{grantId}
DELETE /api/v1/users/{userId}/grants/{grantId}
"""

GOOGLE = {
    "admin.directory_v1": ["tokens.get", "tokens.delete", "users.get", "users.update", "users.signOut"],
    "drive.v3": [
        *(f"permissions.{what}" for what in ("get", "list", "delete", "create")),
        *("about.get", "drives.list", "files.list", "files.get", "files.export"),
    ],
    "iam.v1": [
        f"serviceAccounts.{what}" for what in ("get", "disable", "enable", "keys.get", "keys.disable", "keys.enable")
    ],
}

ENTRA = {
    "users/item/user_item": ("GET", "PATCH"),
    "users/item/revoke_sign_in_sessions/revoke_sign_in_sessions": ("POST",),
    "service_principals/item/service_principal_item": ("GET", "PATCH"),
    "oauth2_permission_grants/item/o_auth2_permission_grant_item": ("GET", "DELETE"),
    "oauth2_permission_grants/oauth2_permission_grants": ("GET", "POST"),
}
MODELS = {
    "users/item/user_item": "user",
    "service_principals/item/service_principal_item": "service_principal",
    "oauth2_permission_grants/oauth2_permission_grants": "o_auth2_permission_grant",
}


def pairs(text):
    return [line.split() for line in text.strip().splitlines()]


def google():
    archive = zipfile.ZipFile(f"{work}/google_api_python_client-2.202.0-py3-none-any.whl")

    def methods(resource):
        yield from resource.get("methods", {}).values()
        for one in resource.get("resources", {}).values():
            yield from methods(one)

    for name, wanted in GOOGLE.items():
        document = json.loads(archive.read(f"googleapiclient/discovery_cache/documents/{name}.json"))

        def resolve(value):
            return document["schemas"][value["$ref"]] if "$ref" in value else value

        common = ["fields"]
        for method in methods(document):
            if not any(method["id"].endswith(f".{one}") and method["id"].count(".") <= one.count(".") + 2 for one in wanted):
                continue
            parameters = method.get("parameters", {})
            path = "/" + document["servicePath"] + method.get("flatPath", method["path"])
            # One level is enough: we write only plain fields.
            body = schema(method["request"], resolve, 3) if "request" in method else None
            if body is not None:
                fields = resolve(method["request"]).get("properties", {})
                plain = {key: {"type": one["type"]} for key, one in fields.items() if one.get("type") in ("string", "boolean")}
                body["properties"] = plain
            query = [key for key, one in parameters.items() if one["location"] == "query"]
            media = ["alt"] if method.get("supportsMediaDownload") else []
            yield {"method": method["httpMethod"], "path": path, "query": common + media + query, "body": body}


def entra():
    archive = zipfile.ZipFile(f"{work}/msgraph_sdk-1.65.0-py3-none-any.whl")
    for name, wanted in ENTRA.items():
        text = archive.read(f"msgraph/generated/{name}_request_builder.py").decode()
        template = re.search(r'"\{\+baseurl\}([^"]*)"', text).group(1)
        path, _, query = template.partition("{?")
        # Names of parameters as the page shows them: `user%2Did` is `user-id`.
        path = "/v1.0" + urllib.parse.unquote(path)
        query = [urllib.parse.unquote(one) for one in query.rstrip("}").split(",") if one]
        for method in wanted:
            assert f"Method.{method}," in text, (name, method)
            body = None
            if name in MODELS and method in ("POST", "PATCH"):
                model = archive.read(f"msgraph/generated/models/{MODELS[name]}.py").decode()
                fields = dict(re.findall(r'writer\.write_(bool|str|datetime)_value\("(\w+)"', model) and [
                    (field, {"bool": "boolean"}.get(kind, "string"))
                    for kind, field in re.findall(r'writer\.write_(bool|str|datetime)_value\("(\w+)"', model)
                ])
                body = {"type": "object", "properties": {field: {"type": kind} for field, kind in fields.items()}}
            allowed = query if method == "GET" else []
            yield {"method": method, "path": path, "query": allowed, "body": body}


def recorded(requests):
    for request in requests:
        url = urllib.parse.urlsplit(request["url"])
        segments = ["{%s}" % one[3:] if one.startswith("fb_") else one for one in url.path.split("/")]
        operation = {"method": request["method"], "path": "/".join(segments), "query": [], "body": None}
        operation["query"] = [key for key, _ in urllib.parse.parse_qsl(url.query)]
        text = request["body"]
        if text:
            form = not text.startswith("{")
            fields = dict(urllib.parse.parse_qsl(text)) if form else json.loads(text)
            kind = {str: "string", bool: "boolean"}
            properties = {
                key: {"type": kind[type(value)]} if str(value).startswith("fb_") or '"fb_' in str(value) else {"enum": [value]}
                for key, value in fields.items()
                if key != "token"
            }
            operation["body"] = {"type": "object", "properties": properties, "required": list(properties), "closed": True}
            operation["form"] = form
        yield operation


ghec = json.load(open(f"{work}/octokit-openapi-23.0.2/generated/ghec.json"))
write("github", "npm @octokit/openapi 23.0.2, generated/ghec.json", "MIT", list(openapi(ghec, pairs(GITHUB))))
okta = json.load(open(f"{work}/okta-openapi-2.15.0/dist/spec.json"))
write("okta", "npm @okta/openapi 2.15.0, dist/spec.json", "Apache-2.0", list(openapi(okta, pairs(OKTA))))
write("google", "PyPI google-api-python-client 2.202.0, discovery_cache", "Apache-2.0", list(google()))
write("entra", "PyPI msgraph-sdk 1.65.0, URL templates and serialisers", "MIT", list(entra()))
calls = json.load(open(f"{work}/recorded.json"))
write("slack", "requests of npm @slack/web-api 8.2.0", "MIT", list(recorded(calls["slack"])))
write("openai", "requests of npm openai 7.57.0", "Apache-2.0", list(recorded(calls["openai"])))
write("anthropic", "requests of npm @anthropic-ai/sdk 1.12.0", "Apache-2.0", list(recorded(calls["anthropic"])))
