// What a person sees who made a mistake. Each row is one mistake and the exact line that it gets.
#include <coyield/config/load.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

std::string problems_of(std::string_view text) {
  auto loaded = load(text, "f", sample::catalogue(), sample::environment({{"EMPTY", ""}, {"BAD", "many"}}));
  return loaded ? "" : loaded.error().text();
}

struct Row {
  std::string text;
  std::string message;
};

/// An endpoint with this after its braces are opened.
std::string endpoint(std::string_view keys) {
  return R"({"endpoints": {"/t/{n}": {)" + std::string(keys) + "}}}";
}
std::string source(std::string_view value) { return endpoint(R"("source": )" + std::string(value)); }
std::string pipeline(std::string_view value) {
  return endpoint(R"("source": "echo", "pipeline": )" + std::string(value));
}
std::string server(std::string_view keys) {
  return R"({"server": {)" + std::string(keys) + R"(}, "endpoints": {"/": {"source": "echo"}}})";
}

void expect_each(const std::vector<Row>& rows, const std::string& prefix) {
  for (const auto& row : rows)
    EXPECT_EQ(problems_of(row.text), "f:1: " + prefix + row.message + "\n") << row.text;
}

TEST(LoadMistakes, OfParameters) {
  const std::string at = "endpoints./t/{n}.source";
  expect_each(
      {
          {source(R"({"counter": {"intervall": "1s"}})"),
           R"(.intervall: "counter" has no such parameter; did you mean "interval"?)"},
          {source(R"({"counter": {"speed": 1}})"),
           R"(.speed: "counter" has no such parameter; write "from", "to" or "interval")"},
          {source(R"({"echo": {"speed": 1}})"),
           R"(.speed: "echo" has no such parameter; write { "echo": {} })"},
          {source(R"({"counter": {"interval": "10"}})"),
           R"(.interval: "10" has no unit; write "10ms" or "10s")"},
          {source(R"({"counter": {"interval": 10}})"), R"(.interval: 10 has no unit; write "10ms" or "10s")"},
          {source(R"({"counter": {"interval": 0}})"), R"(.interval: 0 has no unit; write "0s")"},
          {source(R"({"counter": {"interval": -1}})"), R"(.interval: -1 is negative; write "10ms" or "10s")"},
          {source(R"({"counter": {"interval": true}})"),
           R"(.interval: true is not a duration; write a number with a unit, such as "10ms" or "10s")"},
          {source(R"({"counter": {"interval": "2h"}})"),
           R"(.interval: "2h" is more than "1h"; write "1h" or less)"},
          {source(R"({"counter": {"interval": null}})"),
           R"(.interval: null is not a duration; leave the key out for the default, "0s")"},
          {source(R"({"counter": {"from": "5"}})"),
           R"(.from: "5" is not a whole number; write 5 without quotes)"},
          {source(R"({"counter": {"from": "five"}})"),
           R"(.from: "five" is not a whole number; write it in digits, without a fraction)"},
          {source(R"({"counter": {"from": 1.5}})"),
           R"(.from: 1.5 is not a whole number; write it in digits, without a fraction)"},
          {source(R"({"counter": {"from": [1]}})"),
           R"(.from: a list is not a whole number; write it in digits, without a fraction)"},
          {source(R"({"counter": {"from": 18446744073709551615}})"),
           R"(.from: 18446744073709551615 is too large; the most is 9223372036854775807)"},
          {source(R"({"counter": {"from": 1, "from": 2}})"),
           R"(.from: given twice; the first stands on line 1; keep one)"},
          {source(R"({"counter": 2000000})"), R"(: 2000000 is more than 1000000; write 1000000 or less)"},
          {source(R"({"file": {"path": 5}})"), R"(.path: 5 is not text; write "5")"},
          {source(R"({"file": {"path": null}})"), R"(.path: null is not text; write "...")"},
          {source(R"({"file": {"path": {}}})"), R"(.path: an object is not text; write it in double quotes)"},
          {source(R"({"file": {}})"),
           R"(.path: missing, and required; write "path": "..." (The file to read.))"},
          {source(R"("file")"), R"(.path: missing, and required; write "path": "..." (The file to read.))"},
          {source(R"({"file": {"path": "a", "follow": "true"}})"),
           R"(.follow: "true" is not true or false; write true without quotes)"},
          {source(R"({"file": {"path": "a", "follow": 0}})"),
           R"(.follow: 0 is not true or false; write false)"},
          {source(R"({"file": {"path": "a", "follow": "ja"}})"),
           R"(.follow: "ja" is not true or false; write true or false)"},
          {source(R"({"file": {"path": "a", "decode": "jsn"}})"),
           R"(.decode: "jsn" is none of the choices; did you mean "json"?)"},
          {source(R"({"file": {"path": "a", "decode": "xml"}})"),
           R"(.decode: "xml" is none of the choices; write "lines", "json" or "bytes")"},
          {source(R"({"file": {"path": "a", "decode": 1}})"),
           R"(.decode: 1 is not one of a few texts; write "lines", "json" or "bytes")"},
          {source(R"({"file": {"path": "a", "block": 65536}})"),
           R"(.block: 65536 has no unit; write "64KiB")"},
          {source(R"({"file": {"path": "a", "block": "1B"}})"),
           R"(.block: "1B" is less than "512B"; write "512B" or more)"},
          {source(R"({"exec": "ls"})"), R"(: "ls" is not a list of texts; write ["ls"])"},
          {source(R"({"exec": ["ls", 5]})"), R"(: 5 in the list is not text; write "5")"},
          {source(R"({"echo": 5})"), R"(: "echo" takes its parameters in braces; write { "echo": {} })"},
      },
      at);
}

TEST(LoadMistakes, OfSourcesAndOperators) {
  const std::string at = "endpoints./t/{n}.";
  expect_each(
      {
          {endpoint(""),
           R"(source: missing, and required; write "source" (Where the items come from: one source, by its name, with its parameters.))"},
          {source(R"("ehco")"), R"(source: there is no source "ehco"; did you mean "echo"?)"},
          {pipeline(R"([{"filter": "x"}])"),
           R"(pipeline[0]: there is no operator "filter"; it is called "where" here)"},
          {source(R"({"kafka": {}})"),
           R"(source: there is no source "kafka"; "coyield list sources" shows them all)"},
          {source(R"({"take": 5})"), R"(source: "take" is an operator, no source; write it in "pipeline")"},
          {source("{}"), R"(source: no source is named; write { "clock": { "interval": "1s" } })"},
          {source("[]"), R"(source: a list is not a source; write { "clock": { "interval": "1s" } })"},
          {source("null"), R"(source: null is not a source; write { "clock": { "interval": "1s" } })"},
          {source(R"({"counter": {}, "interval": "1s"})"),
           R"(source: several keys where one names the source: "counter", "interval"; keep the source's name; its parameters )"
           R"(stand in braces behind it, operators in "pipeline")"},
          {pipeline(R"({"take": 5})"),
           R"(pipeline: an object is not a list of operators; write [{ "take": 5 }])"},
          {pipeline(R"([5])"), R"(pipeline[0]: a whole number is not an operator; write { "take": 5 })"},
          {pipeline(R"([{"take": 5}, {"tkae": 5}])"),
           R"(pipeline[1]: there is no operator "tkae"; did you mean "take"?)"},
          {pipeline(R"([{"frobnicate": 5}])"),
           R"(pipeline[0]: there is no operator "frobnicate"; "coyield list operators" shows them all)"},
          {pipeline(R"([{"counter": 5}])"),
           R"(pipeline[0]: "counter" is a source, no operator; write it as "source")"},
          {pipeline(R"([{"take": 5, "sample": {}}])"),
           R"(pipeline[0]: several keys where one names the operator: "take", "sample"; write each operator in braces of its )"
           R"(own; parameters stand in braces behind the name)"},
          {pipeline(R"([{"take": {"items": -1}}])"),
           R"(pipeline[0].items: -1 is less than 0; write 0 or more)"},
          {pipeline(R"(["take"])"),
           R"(pipeline[0].items: missing, and required; write "items": 0 (How many.))"},
          {pipeline(R"([{"sample": {"share": "0.5"}}])"),
           R"(pipeline[0].share: "0.5" is not a number; write 0.5 without quotes)"},
          {pipeline(R"([{"where": {"/a": {"b": 1, "b": 2}}}])"),
           R"(pipeline[0]./a.b: given twice; the first stands on line 1; keep one)"},
      },
      at);
}

TEST(LoadMistakes, OfSubstitutions) {
  const std::string at = "endpoints./t/{n}.";
  expect_each(
      {
          {source(R"({"counter": "${path.m}"})"),
           R"(source: the path "/t/{n}" has no {m}; did you mean "${path.n}"?)"},
          {source(R"({"counter": "${path.number}"})"),
           R"(source: the path "/t/{n}" has no {number}; write "${path.n}")"},
          {source(R"({"counter": "${n}"})"),
           "source: ${n} does not say where the value comes from; write ${path.n}, ${query.n}, ${header.n} "
           "or ${env.n}"},
          {source(R"({"counter": "${pth.n}"})"),
           R"(source: there is no "pth" that ${pth.n} could come from; did you mean "path"?)"},
          {source(R"({"counter": "${query.n"})"),
           R"(source: "${query.n" has no closing brace; write "}" behind the name, or "$${" for a plain "${")"},
          {source(R"({"counter": "${query.take}"})"),
           R"(source: the query parameter "take" is the program's own, so ${query.take} cannot be used; choose another name)"},
          {source(R"({"counter": {"interval": "${query.i:-10}"}})"),
           R"(source.interval: the default "10" has no unit; write "10ms" or "10s")"},
          {source(R"({"counter": "${query.n:-2000000}"})"),
           R"(source: the default 2000000 is more than 1000000; write 1000000 or less)"},
          {source(R"({"file": {"path": "a", "root": "/srv/${path.n}"}})"),
           R"(source.root: "root" takes no value from a request, so not ${path.n}; write it out, or use ${env.NAME})"},
          {source(R"({"file": {"path": "${path.n}"}})"),
           R"(source.root: missing, and a path from a request needs it; write "root": "/srv/files")"},
          {source(R"({"counter": "${env.NOPE}"})"),
           R"(source: the environment variable "NOPE" is not set; set it, or write ${env.NOPE:-DEFAULT})"},
          {source(R"({"counter": "${env.BAD}"})"),
           R"(source: "many" is not a whole number; write it in digits)"},
          {source(R"({"exec": ["ls", "${path.x}"]})"),
           R"(source[1]: the path "/t/{n}" has no {x}; did you mean "${path.n}"?)"},
          {pipeline(R"([{"where": {"/a": ["${query.wait}"]}}])"),
           R"(pipeline[0]./a[0]: the query parameter "wait" is the program's own, so ${query.wait} cannot be used; choose another name)"},
          {endpoint(R"("source": "echo", "title": "${path.n}")"),
           R"(title: no request's value can stand here; write it out, or use ${env.NAME})"},
      },
      at);
}

TEST(LoadMistakes, OfPathsWithoutParameters) {
  EXPECT_EQ(problems_of(R"({"endpoints": {"/a": {"source": {"counter": "${path.n}"}}}})"),
            R"(f:1: endpoints./a.source: the path "/a" has no {n}; write "/a/{n}" for the path)"
            "\n");
  EXPECT_EQ(problems_of(R"({"endpoints": {"/": {"source": {"counter": "${path.n}"}}}})"),
            R"(f:1: endpoints./.source: the path "/" has no {n}; write "/{n}" for the path)"
            "\n");
}

TEST(LoadMistakes, OfTheServer) {
  expect_each(
      {
          {server(R"("listen": ":80")"),
           R"(listen: ":80" names no address; write "127.0.0.1:80" for this machine alone or "0.0.0.0:80" for the whole network)"},
          {server(R"("listen": [])"), R"(listen: the list is empty; write ["127.0.0.1:8080"])"},
          {server(R"("listen": 8080)"),
           R"(listen: "8080" is a port without an address; write "127.0.0.1:8080")"},
          {server(R"("listen": true)"), R"(listen: true is not text; write "true")"},
          {server(R"("port": 8080)"), R"(port: unknown key; it is called "listen" here)"},
          {server(R"("cors": "*")"), R"(cors: text is not an object; write { "origins": ... })"},
          {server(R"("listen": ["127.0.0.1:80", "127.0.0.1:80"])"),
           R"(listen[1]: "127.0.0.1:80" is listed twice; keep one)"},
          {server(R"("listen": "9090")"),
           R"(listen: "9090" is a port without an address; write "127.0.0.1:9090")"},
          {server(R"("thraeds": 4)"), R"(thraeds: unknown key; did you mean "threads"?)"},
          {server(R"("threads": -1)"), R"(threads: -1 is less than 0; write 0 or more)"},
          {server(R"("threads": "${query.t}")"),
           R"(threads: no request's value can stand here; write it out, or use ${env.NAME})"},
          {server(R"("drain": 10)"), R"(drain: 10 has no unit; write "10ms" or "10s")"},
          {server(R"("limits": {"max_item": "1B"})"),
           R"(limits.max_item: "1B" is less than "1KiB"; write "1KiB" or more)"},
          {server(R"("limits": [])"), R"(limits: a list is not an object; write { "max_header": ... })"},
          {server(R"("timeouts": {"heart": "1s"})"),
           R"(timeouts.heart: unknown key; write "header", "idle", "write", "least_rate", "heartbeat" or "first_item")"},
          {server(R"("log": {"level": "warn"})"),
           R"(log.level: "warn" is none of the choices; write "debug", "info", "warning" or "error")"},
          {server(R"("cors": {"origins": ["https://a.b/"]})"),
           R"(cors.origins[0]: "https://a.b/" has a path; write "https://a.b")"},
          {server(R"("cors": {"origins": ["a.b"]})"),
           R"(cors.origins[0]: "a.b" is no origin; write a scheme, a host and maybe a port, such as "https://example.com", or "*")"},
          {server(R"("cors": {"origins": "*"})"), R"(cors.origins: "*" is not a list of texts; write ["*"])"},
          {server(R"("hosts": "example.com")"),
           R"(hosts: "example.com" is not a list of texts; write ["example.com"])"},
          {server(R"("hosts": ["https://a.b"])"),
           R"(hosts[0]: "https://a.b" is not the name of a host; write "a.b"; a port plays no part)"},
          {server(R"("trusted_proxies": ["127.0.0.1", "Unix"])"),
           R"(trusted_proxies[1]: "Unix" is no IP address or network; write "192.0.2.7", "10.0.0.0/8" or "fd00::/8")"},
          {server(R"("memory": "half")"), R"(memory: "half" is not a size; write "10B" or "10KiB")"},
          {server(R"("limits": {"max_connections": -1})"),
           R"(limits.max_connections: -1 is less than 0; write 0 or more)"},
          {server(R"("access": "everyone")"),
           R"(access: neither "anyone" nor a list of tokens; write "anyone", ["${env.TOKEN}"] or { "file": "/run/secrets/token" })"},
          {server(R"("access": [])"),
           R"(access: an empty list lets nobody in; write "anyone", ["${env.TOKEN}"] or { "file": "/run/secrets/token" })"},
          {server(R"("access": ["${env.EMPTY}"])"),
           R"(access[0]: an empty token would let in whoever sends none; write a long random text, or "${env.TOKEN}")"},
          {server(R"("access": ["top secret"])"),
           R"(access[0]: this token could not be sent in a header; use letters, digits and - . _ ~ + / = alone)"},
      },
      "server.");
}

TEST(LoadMistakes, OfTheAdminAddress) {
  const std::string open_to_all =
      R"(: at "0.0.0.0:9090" other machines could stop streams, and "access" does )"
      R"(not say who may; write "127.0.0.1:9090", or { "listen": "0.0.0.0:9090", )"
      R"("access": ["${env.ADMIN_TOKEN}"] })";
  expect_each(
      {
          {server(R"("admin": "0.0.0.0:9090")"), open_to_all},
          {server(R"("admin": {"listen": "0.0.0.0:9090"})"), open_to_all},
          {server(R"("admin": {"access": "anyone"})"),
           R"(.listen: missing, and required; write "listen" (Where to listen: an address with a port, or "unix:" and a path.))"},
          {server(R"("admin": {"listen": "127.0.0.1:9090", "token": "t"})"),
           R"(.token: unknown key; it is called "access" here)"},
          {server(R"("admin": "9090")"), R"(: "9090" is a port without an address; write "127.0.0.1:9090")"},
          {server(R"("admin": 9090)"), R"(: "9090" is a port without an address; write "127.0.0.1:9090")"},
          {server(R"("admin": "127.0.0.1:8080")"),
           R"(: "127.0.0.1:8080" is what "listen" says as well; give it a port of its own, such as "127.0.0.1:9090")"},
      },
      "server.admin");
}

TEST(LoadMistakes, OfEndpoints) {
  expect_each(
      {
          {R"({"endpoints": {"a": {"source": "echo"}}})",
           R"(.a: "a" does not begin with a slash; write "/a")"},
          {R"({"endpoints": {"/.coyield/a": {"source": "echo"}}})",
           R"(./.coyield/a: paths under /.coyield/ are the program's own; choose another beginning)"},
          {R"({"endpoints": {"/a/{x}": {"source": "echo"}, "/a/{y}": {"source": "echo"}}})",
           R"(./a/{y}: matches the same paths as "/a/{x}" on line 1; remove one of the two, or change its path)"},
          {R"({"endpoints": {"/a": {"source": "echo"}, "/a": {"source": "echo"}}})",
           R"(./a: given twice; the first stands on line 1; keep one)"},
          {R"({"endpoints": {"/a": "text"}})", R"(./a: text is not an object; write { "source": ... })"},
          {R"({"endpoints": {"/a": {"sources": "echo"}}})",
           R"(./a.sources: unknown key; did you mean "source"?)"},
          {R"({"endpoints": {"/a": {"source": "speaker"}}})",
           R"(./a.input: missing, and the source "speaker" takes what clients send; write "input": true)"},
          {R"({"endpoints": {"/a": {"source": "echo", "format": "ndjsn"}}})",
           R"(./a.format: there is no format "ndjsn"; did you mean "ndjson"?)"},
          {R"({"endpoints": {"/a": {"source": "echo", "format": "xml"}}})",
           R"(./a.format: there is no format "xml"; write "ndjson" or "sse")"},
          {R"({"endpoints": {"/a": {"source": "echo", "columns": []}}})",
           R"(./a.columns: there is no column; name one, or leave "columns" out)"},
          {R"({"endpoints": {"/a": {"source": "echo", "columns": ["x", "y", "x"]}}})",
           R"(./a.columns[2]: "x" is listed twice; keep one)"},
          {R"({"endpoints": {"/a": {"source": "echo", "query_operators": ["take", "tale"]}}})",
           R"(./a.query_operators[1]: "tale" is no operator that clients may add; did you mean "take"?)"},
          {R"({"endpoints": {"/a": {"source": "echo", "query_operators": ["where"]}}})",
           R"(./a.query_operators[0]: "where" is no operator that clients may add; write "take")"},
          {R"({"endpoints": {"/a": {"source": "echo", "query_operators": ["take", "take"]}}})",
           R"(./a.query_operators[1]: "take" is listed twice; keep one)"},
          {R"({"endpoints": {"/a": {"source": "echo", "colour": 1}}})",
           R"(./a.colour: unknown key; write "title", "description", "source", "pipeline", "share", "publish", "format", "columns", )"
           R"("query_operators", "finite", "access", "cors", "first_item_timeout", "heartbeat", "gzip", "deflate", "input" or "max_message")"},
          {R"({"endpoints": {}})",
           R"(: no endpoint is described; write { "/count/{n}": { "source": { "counter": { "to": "${path.n}" } } } })"},
          {R"({"endpoints": []})",
           R"(: a list is not an object; write { "/count/{n}": { "source": { "counter": { "to": "${path.n}" } } } })"},
      },
      "endpoints");
}

TEST(LoadMistakes, OfNumbersNameTheBoundThatMatters) {
  expect_each(
      {
          {source(R"({"counter": {"from": 99999999999999999999}})"),
           R"(.from: 99999999999999999999 is too large; the most is 9223372036854775807)"},
          {source(R"({"counter": {"from": -9223372036854775809}})"),
           R"(.from: -9223372036854775809 is too small; the least is -9223372036854775808)"},
          {source(R"({"counter": {"to": 99999999999999999999}})"),
           R"(.to: 99999999999999999999 is too large; the most is 1000000)"},
          {source(R"({"counter": {"from": "${query.f:-99999999999999999999}"}})"),
           R"(.from: the default "99999999999999999999" is too large; the most is 9223372036854775807)"},
          {source(R"({"counter": {"from": 1e3}})"), R"(.from: 1e3 is not a whole number; write 1000)"},
          {source(R"({"counter": {"from": 5.0}})"), R"(.from: 5.0 is not a whole number; write 5)"},
          {source(R"({"counter": {"from": 1e300}})"),
           R"(.from: 1e300 is too large; the most is 9223372036854775807)"},
          {source(R"({"counter": {"interval": "9999999h"}})"),
           R"(.interval: "9999999h" is too large; the most is "1h")"},
          {source(R"({"counter": {"interval": "5.s"}})"),
           R"(.interval: "5.s" lacks the digit behind the point; write "5s")"},
      },
      "endpoints./t/{n}.source");
}

TEST(LoadMistakes, OfKeysSayWhereTheyBelong) {
  const auto beside = [](std::string_view keys) {
    return "{" + std::string(keys) + R"(, "endpoints": {"/": {"source": "echo"}}})";
  };
  const std::string no_tls = "there is no TLS here; put a proxy such as Caddy or nginx in front";
  expect_each(
      {
          {endpoint(R"("counter": 5)"),
           R"(endpoints./t/{n}.counter: "counter" is a source; write "source": { "counter": 5 })"},
          {endpoint(R"("source": "echo", "take": 5)"),
           R"(endpoints./t/{n}.take: "take" is an operator; write "pipeline": [{ "take": 5 }])"},
          {endpoint(R"("source": "echo", "where": {"/a-rather-long-name": "and a rather long value"})"),
           R"(endpoints./t/{n}.where: "where" is an operator; write "pipeline": [{ "where": ... }])"},
          {endpoint(R"("source": "echo", "sse": true)"),
           R"(endpoints./t/{n}.sse: "sse" is a format; write "format": "sse")"},
          {endpoint(R"("source": "echo", "listen": "127.0.0.1:1")"),
           R"(endpoints./t/{n}.listen: it belongs into "server", not into an endpoint; write "server": { "listen": "127.0.0.1:1" } beside "endpoints")"},
          {endpoint(R"("source": "echo", "jq": {})"), "endpoints./t/{n}.jq: unknown key"},
          {R"({"endpoints": {"/a": "counter"}})",
           R"(endpoints./a: "counter" is a source; write { "source": "counter" })"},
          {beside(R"("listen": "127.0.0.1:1")"),
           R"(listen: it belongs into "server"; write "server": { "listen": "127.0.0.1:1" })"},
          {beside(R"("finite": true)"),
           R"(finite: it belongs into an endpoint; write "endpoints": { "/name": { "finite": true } })"},
          {beside(R"("/a": {"source": "echo"})"),
           R"(/a: a path belongs into "endpoints"; write "endpoints": { "/a": { "source": ... } })"},
          {beside(R"("ssl": {})"), "ssl: " + no_tls},
          {server(R"("tls": {"cert": "x"})"), "server.tls: " + no_tls},
          {server(R"("cert": "x")"), "server.cert: " + no_tls},
          {server(R"("finite": true)"),
           R"(server.finite: it belongs into an endpoint, not into "server"; write "endpoints": { "/name": { "finite": true } })"},
          {server(R"("endpoints": {})"),
           R"(server.endpoints: it stands beside "server", not in it; move it out of these braces)"},
      },
      "");
}

TEST(LoadMistakes, OfPathsShowTheWholePath) {
  const auto path = [](std::string_view text) {
    return R"({"endpoints": {")" + std::string(text) + R"(": {"source": "echo"}}})";
  };
  expect_each(
      {
          {path("GET /a"),
           R"(GET /a: "GET /a" has a method in it; write a path only, every endpoint answers GET: "/a")"},
          {path("/a/:n/b"), R"(/a/:n/b: ":n" is no parameter here; write "/a/{n}/b")"},
          {path("/a/<n>"), R"(/a/<n>: "<n>" is no parameter here; write "/a/{n}")"},
          {path("/a/<int:n>"), R"(/a/<int:n>: "<int:n>" is no parameter here; write "/a/{n}")"},
          {path("/a#b"), R"(/a#b: "a#b" has the character "#", which no path has; remove it)"},
      },
      "endpoints.");
}

TEST(LoadMistakes, OfSubstitutionsThatNameNothing) {
  expect_each(
      {
          {source(R"({"counter": "${}"})"), R"(: ${} names no value; write ${query.NAME})"},
          {source(R"({"counter": "${query.}"})"), R"(: ${query.} names no value; write ${query.NAME})"},
          {source(R"({"counter": "${query.i-5s}"})"),
           R"(: the default in ${query.i-5s} does not stand behind ":-"; did you mean ${query.i:-5s}?)"},
          {source(R"({"counter": "${query.i:5s}"})"),
           R"(: the default in ${query.i:5s} does not stand behind ":-"; did you mean ${query.i:-5s}?)"},
          {source(R"({"counter": "${env.N-many}"})"),
           R"(: the default in ${env.N-many} does not stand behind ":-"; did you mean ${env.N:-many}?)"},
          {source(R"({"counter": "${claim.n}"})"),
           R"(: there are no claims yet that ${claim.n} could come from: tokens are compared, and not read; )"
           R"(write it out, or give a default: ${claim.n:-DEFAULT})"},
      },
      "endpoints./t/{n}.source");
  EXPECT_EQ(problems_of(source(R"({"counter": "${claim.n:-5}"})")), "");
  EXPECT_EQ(problems_of(source(R"({"counter": "${query.page-size}"})")), "");
  EXPECT_EQ(problems_of(source(R"({"counter": "${header.X-5}"})")), "");
}

TEST(LoadMistakes, OfValuesThatNoKeyCanHave) {
  EXPECT_EQ(problems_of(pipeline(R"([{"where": {"/${query.x}": 1}}])")),
            "f:1: endpoints./t/{n}.pipeline[0]./${query.x}: no value can be filled in on this side of the "
            "colon; write it out\n");
  EXPECT_EQ(problems_of(pipeline(R"([{"where": {"/$x": 1}}])")), "");
  EXPECT_EQ(problems_of(source(R"({"counter": null})")),
            "f:1: endpoints./t/{n}.source: there is nothing behind \"counter\"; write { \"counter\": { "
            "\"from\": 1, \"to\": 5, \"interval\": \"500ms\" } }\n");
  EXPECT_EQ(problems_of(endpoint(R"("source": "echo", "format": ["sse"])")),
            "f:1: endpoints./t/{n}.format: a list is not text; write \"sse\"\n");
}

TEST(LoadMistakes, OfOtherEncodingsAndLanguagesAreNamed) {
  const std::string utf16 = "f:1:1: this file is UTF-16; save it as UTF-8\n";
  EXPECT_EQ(problems_of(std::string_view("\xFF\xFE{\0}\0", 6)), utf16);
  EXPECT_EQ(problems_of(std::string_view("{\0}\0", 4)), utf16);
  EXPECT_EQ(problems_of(std::string_view("\0{\0}", 4)), utf16);
  const std::string yaml = "f:1:1: this looks like YAML; a configuration is JSON: { \"server\": { ... } }\n";
  EXPECT_EQ(problems_of("server:\n  listen: 127.0.0.1:80\n"), yaml);
  EXPECT_EQ(problems_of("---\n# mine\n\nserver:\r\n  listen: 127.0.0.1:80\n"), yaml);
  EXPECT_EQ(problems_of("server\n"), "f:1:1: server stands without quotes; write \"server\"\n");
}

TEST(LoadMistakes, ASyntaxErrorHasItsColumnAndStopsTheReading) {
  EXPECT_EQ(problems_of("{\n  \"endpoints\": {},\n  \"server\": { \"threads\": \"x\" },\n}"),
            "f:3:31: a comma with nothing behind it; remove the comma before \"}\"\n");
}

TEST(LoadMistakes, TheWholeMustBeAnObject) {
  EXPECT_EQ(problems_of("[]"), "f:1:1: a list is not an object; write { \"endpoints\": ... }\n");
}

TEST(LoadMistakes, TenInOneFileAreAllReportedInTheOrderOfTheirLines) {
  EXPECT_EQ(problems_of(R"(// The configuration of somebody in a hurry.
{
  "endpoints": {
    "/ticks": {
      "source": { "counter": { "interval": "10", "form": 1 } },
      "finite": "yes"
    },
    "/count/{n}": {
      "source": { "counter": "${path.m}" },
      "pipeline": [ { "take": 5 }, { "tkae": 5 } ],
      "formt": "ndjson"
    },
    "/count/{number}": { "source": "echo" },
    "/log": { "source": { "file": { "follow": true } } }
  },
  "server": {
    "listen": ":8080",
    "drain": 10
  }
})"),
            R"(f:5: endpoints./ticks.source.interval: "10" has no unit; write "10ms" or "10s"
f:5: endpoints./ticks.source.form: "counter" has no such parameter; did you mean "from"?
f:6: endpoints./ticks.finite: "yes" is not true or false; write true or false
f:9: endpoints./count/{n}.source: the path "/count/{n}" has no {m}; did you mean "${path.n}"?
f:10: endpoints./count/{n}.pipeline[1]: there is no operator "tkae"; did you mean "take"?
f:11: endpoints./count/{n}.formt: unknown key; did you mean "format"?
f:13: endpoints./count/{number}: matches the same paths as "/count/{n}" on line 8; remove one of the two, or change its path
f:14: endpoints./log.source.path: missing, and required; write "path": "..." (The file to read.)
f:17: server.listen: ":8080" names no address; write "127.0.0.1:8080" for this machine alone or "0.0.0.0:8080" for the whole network
f:18: server.drain: 10 has no unit; write "10ms" or "10s"
)");
}

TEST(LoadMistakes, NoMessageRepeatsAToken) {
  for (const auto& text :
       {server(R"("access": ["hunter 2"])"), server(R"("source": ["hunter2"])"),
        std::string(R"({"access": ["hunter2"]})"), endpoint(R"("admin": {"access": ["hunter2"]})")}) {
    const auto problems = problems_of(text);
    EXPECT_NE(problems, "");
    EXPECT_EQ(problems.find("hunter"), std::string::npos) << problems;
  }
}

}  // namespace
}  // namespace coyield::config
