#include <coyield/generators/sources/file_path.hpp>

#include <algorithm>
#include <string>

namespace coyield::generators {

config::Parameter file_path_parameter() {
  return {.name = "path",
          .type = config::ParameterType::text,
          .summary = "Which file. It may have values of the request in it where there is a `root`.",
          .required = true};
}

config::Parameter file_root_parameter() {
  return {.name = "root",
          .type = config::ParameterType::text,
          .summary =
              "The directory from which `path` goes out and which it cannot leave, by no \"..\", no "
              "leading slash and no symbolic link.",
          .request_values = false};
}

void check_file_path(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* path = args.find<std::string>("path");
  const auto* root = args.find<std::string>("root");
  if (args.from_request("path")) {
    if (root == nullptr)
      mistakes.push_back({"root",
                          {"is missing, and the client has a say in path",
                           R"(write the directory to serve: "root": "/srv/files")"}});
  } else if (path != nullptr && path->empty()) {
    mistakes.push_back({"path", {"is empty", R"(name the file: "path": "/var/log/app.log")"}});
  } else if (path != nullptr && root != nullptr && path->starts_with('/')) {
    const auto below = path->substr(std::min(path->find_first_not_of('/'), path->size()));
    mistakes.push_back(
        {"path",
         {config::in_quotes(*path) + " begins with a slash, and the path goes out from \"root\"",
          "write " + config::in_quotes(below.empty() ? "app.log" : below) + ", or leave \"root\" out"}});
  }
}

FileName file_name(const config::Arguments& args) {
  FileName name;
  name.path = args.get<std::string>("path");
  if (const auto* root = args.find<std::string>("root")) name.root = *root;
  name.chosen_by_client = args.from_request("path");
  return name;
}

}  // namespace coyield::generators
