"""Describes the operations in use of LiteLLM, Vault and Kubernetes as facts: method, path, query, schema of the body.

LiteLLM's from the OpenAPI description that it serves itself; those of the others from what their official Python clients send,
called with a server that records and answers nothing. Usage: servers.py <litellm openapi.json> <directory to write into>
"""
import http.server
import json
import re
import sys
import threading
import urllib.parse

import hvac
import kubernetes
from kubernetes import client as k8s

openapi, here = sys.argv[1:3]
recorded = []


class Recorder(http.server.BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        recorded.append((self.command, self.path, json.loads(body) if body else None))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_LIST = answer

    def log_message(self, *_):
        pass


def template(path):
    """Placeholders back into braces, decoded as a server does."""
    return re.sub(r"fb-(\w+)", r"{\1}", urllib.parse.unquote(path))


def literal(value):
    """The schema of a recorded body: all of it is needed, and what is no placeholder is exactly so."""
    if isinstance(value, dict):
        return {"type": "object", "required": sorted(value), "properties": {name: literal(one) for name, one in value.items()}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    return {"type": "string"} if str(value).startswith("fb-") else {"enum": [value]}


def of_model(name, depth=0):
    """The schema of a model of the Kubernetes client, which is generated from the cluster's own description."""
    if name.startswith("list["):
        return {"type": "array", "items": of_model(name[5:-1], depth)}
    if name.startswith("dict("):
        return {"type": "object"}
    plain = {"str": "string", "int": "integer", "bool": "boolean", "datetime": "string", "object": None, "float": "number"}
    if name in plain:
        return {"type": plain[name]} if plain[name] else {}
    if depth > 5:
        return {"type": "object"}
    model = getattr(k8s, name)
    fields = {model.attribute_map[field]: of_model(kind, depth + 1) for field, kind in model.openapi_types.items()}
    return {"type": "object", "properties": fields}


def write(platform, source, licence, operations):
    operations.sort(key=lambda one: (one["path"], one["method"]))
    lines = ",\n".join("  " + json.dumps(one) for one in operations)
    head = json.dumps({"source": source, "licence": licence})[1:-1]
    with open(f"{here}/{platform}.json", "w") as file:
        file.write(f'{{{head}, "operations": [\n{lines}\n]}}\n')


def taken(bodies=None):
    """What was recorded since the last time, as operations."""
    calls, recorded[:] = list(recorded), []
    for number, (method, path, body) in enumerate(calls):
        path, _, query = path.partition("?")
        schema = bodies[number] if bodies else (literal(body) if body is not None else None)
        yield {"method": method, "path": template(path), "query": sorted(urllib.parse.parse_qs(query)), "body": schema}


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"

vault = hvac.Client(url=address, token="t")
vault.auth.token.lookup_self()
vault.auth.token.lookup_accessor("fb-accessor")
vault.auth.token.revoke_accessor("fb-accessor")
vault.sys.list_leases("fb-prefix")
vault.sys.revoke_prefix("fb-prefix")
vault.secrets.identity.read_entity("fb-entity")
vault.secrets.identity.update_entity("fb-entity", disabled=True)
operations = list(taken())
for one in operations:
    # The client does not send it; the API's documentation has it, and says that without it the answer comes first.
    if one["path"].startswith("/v1/sys/leases/revoke-prefix/"):
        one["body"]["properties"]["sync"] = {"type": "boolean"}
write("vault", f"PyPI hvac {hvac.__version__ if hasattr(hvac, '__version__') else '2.3.0'}", "Apache-2.0", operations)

configuration = k8s.Configuration(host=address)
api = k8s.ApiClient(configuration)
models = []


def call(function, *arguments, body=None):
    if body is None:
        function(*arguments, _preload_content=False)
        models.append(None)
    else:
        function(*arguments, body=getattr(k8s, body)(**NEEDED.get(body, {})), _preload_content=False)
        models.append(of_model(body))


NEEDED = {
    "V1RoleBinding": {"role_ref": k8s.V1RoleRef(api_group="a", kind="Role", name="r")},
    "V1ClusterRoleBinding": {"role_ref": k8s.V1RoleRef(api_group="a", kind="Role", name="r")},
    "V1SelfSubjectAccessReview": {"spec": k8s.V1SelfSubjectAccessReviewSpec()},
}
call(k8s.AuthenticationV1Api(api).create_self_subject_review, body="V1SelfSubjectReview")
call(k8s.AuthorizationV1Api(api).create_self_subject_access_review, body="V1SelfSubjectAccessReview")
rbac, core = k8s.RbacAuthorizationV1Api(api), k8s.CoreV1Api(api)
call(rbac.read_namespaced_role_binding, "fb-name", "fb-namespace")
call(rbac.create_namespaced_role_binding, "fb-namespace", body="V1RoleBinding")
call(rbac.delete_namespaced_role_binding, "fb-name", "fb-namespace", body="V1DeleteOptions")
call(rbac.read_cluster_role_binding, "fb-name")
call(rbac.create_cluster_role_binding, body="V1ClusterRoleBinding")
call(rbac.delete_cluster_role_binding, "fb-name", body="V1DeleteOptions")
call(core.read_namespaced_service_account, "fb-name", "fb-namespace")
call(core.create_namespaced_service_account, "fb-namespace", body="V1ServiceAccount")
call(core.delete_namespaced_service_account, "fb-name", "fb-namespace", body="V1DeleteOptions")
call(core.read_namespaced_pod, "fb-name", "fb-namespace")
call(core.delete_namespaced_pod, "fb-name", "fb-namespace", body="V1DeleteOptions")
network, apps = k8s.NetworkingV1Api(api), k8s.AppsV1Api(api)
call(network.list_namespaced_network_policy, "fb-namespace")
call(network.create_namespaced_network_policy, "fb-namespace", body="V1NetworkPolicy")
call(network.delete_namespaced_network_policy, "fb-name", "fb-namespace")
for kind in ("deployment", "stateful_set", "replica_set"):
    call(getattr(apps, f"read_namespaced_{kind}_scale"), "fb-name", "fb-namespace")
    call(getattr(apps, f"replace_namespaced_{kind}_scale"), "fb-name", "fb-namespace", body="V1Scale")
write("kubernetes", f"PyPI kubernetes {kubernetes.__version__}", "Apache-2.0", list(taken(models)))

document = json.load(open(openapi))


def schema(value):
    while "$ref" in value:
        value = document["components"]["schemas"][value["$ref"].rsplit("/", 1)[1]]
    kept = {key: value[key] for key in ("type", "required") if key in value}
    if "anyOf" in value:
        kinds = [schema(one).get("type") for one in value["anyOf"]]
        kept["type"] = next((kind for kind in kinds if kind != "null"), None)
    if "properties" in value:
        kept["properties"] = {name: schema(one) for name, one in value["properties"].items()}
    return kept


operations = []
for method, path in [
    ("get", "/key/info"), ("post", "/key/block"), ("post", "/key/unblock"), ("post", "/key/update"), ("get", "/team/info"), ("post", "/team/block"),
    ("post", "/team/unblock"), ("get", "/v1/model/info"), ("post", "/model/block"), ("post", "/model/unblock"),
    ("get", "/v1/mcp/server/{server_id}"), ("put", "/v1/mcp/server/{server_id}/reject"),
    ("put", "/v1/mcp/server/{server_id}/approve"), ("get", "/v1/models"),
]:
    operation = document["paths"][path][method]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    query = sorted(one["name"] for one in operation.get("parameters", []) if one["in"] == "query")
    operations.append({"method": method.upper(), "path": path, "query": query, "body": schema(content["schema"]) if content else None})
write("litellm", f"LiteLLM {document['info']['version']}, GET /openapi.json", "MIT", operations)
