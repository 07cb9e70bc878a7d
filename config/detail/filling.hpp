#pragma once
#include <boost/system/result.hpp>
#include <coyield/config/component.hpp>
#include <coyield/config/template.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

/// What `Parameter::filling` demands of the values of a request, and of where they may stand.
namespace coyield::config::detail {

/// What is wrong with a text of the configuration in which the values of requests are to stand; `place` is
/// where it is in the value of the parameter.
std::optional<Mistake> check_filling(const Parameter& parameter, const nlohmann::json::json_pointer& place,
                                     const Template& text);

/// A value that a text cannot be filled with.
struct Unfit {
  Reference reference;
  std::optional<Mistake> mistake = {};  ///< none: it is missing
};

[[noreturn]] void throw_exception_from_error(const Unfit& unfit, const boost::source_location& where);

/// The text with the values of the request in it, as the parameter demands.
boost::system::result<std::string, Unfit> fill(const Parameter& parameter, const Template& text,
                                               const RequestValues& values);

}  // namespace coyield::config::detail
