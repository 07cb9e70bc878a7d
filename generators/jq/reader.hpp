#pragma once

extern "C" {
#include <jv.h>
}

#include <string_view>

namespace coyield::generators::jq {

/// One JSON text as a value of libjq: what jv_parse_sized makes of it, in half of the time, since items are
/// known to be valid. Where it finds something unusual (what is not valid, a number beyond all bounds, very
/// deep nesting) it leaves the text to jv_parse_sized, and gives what that does.
jv read_json(std::string_view json);

}  // namespace coyield::generators::jq
