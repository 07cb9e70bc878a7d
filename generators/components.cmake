# coyield_component_list(KIND format TYPE coyield::handlers::Format HEADER coyield/handlers/formats/format.hpp
#                        NAMESPACE coyield::handlers NAMES ndjson sse ...)
#
# Adds NAME.cpp of each name, which defines `Format NAME_format()`, to the library of the folder above, and with them
# a generated file that asks for each, in the order of the names: `std::vector<Format> all_formats()`. HEADER declares
# that and TYPE.
function(coyield_component_list)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "KIND;TYPE;HEADER;NAMESPACE" "NAMES")
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR PARENT_PATH above)
  cmake_path(GET above FILENAME folder)

  set(declarations "")
  set(calls "")
  set(sources "")
  foreach(name IN LISTS arg_NAMES)
    string(APPEND declarations "${arg_TYPE} ${name}_${arg_KIND}();\n")
    string(APPEND calls "  all.push_back(${name}_${arg_KIND}());\n")
    list(APPEND sources ${CMAKE_CURRENT_SOURCE_DIR}/${name}.cpp)
  endforeach()
  set(list_file ${CMAKE_CURRENT_BINARY_DIR}/all_${arg_KIND}s.cpp)
  file(CONFIGURE OUTPUT ${list_file} @ONLY CONTENT [[
// Generated from the names in @folder@/@arg_KIND@s/CMakeLists.txt.
#include <@arg_HEADER@>

namespace @arg_NAMESPACE@ {

@declarations@
std::vector<@arg_TYPE@> all_@arg_KIND@s() {
  std::vector<@arg_TYPE@> all;
@calls@  return all;
}

}  // namespace @arg_NAMESPACE@
]])
  target_sources(coyield_${folder} PRIVATE ${sources} ${list_file})
endfunction()
