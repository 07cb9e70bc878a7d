#pragma once

#include <coyield/generators/sources/file_position.hpp>
#include <coyield/generators/sources/open_file.hpp>
#include <optional>
#include <string_view>

namespace coyield::generators {

// Where a log file goes when it is rotated, and what comes after it. These block: to be run in a
// `BlockingPool`.

/// Whether a file of this name may be an older one of `base`: what is put into the name, behind it or before
/// its extension, is a number or a date, or `old`.
///
///     app.log.1   app.log-20261123   app.log.2026-11-23T10   app-2026-11-23.log   app.log.old
///
/// Nothing else in the directory is ever looked into, whatever somebody asks for. Compressed files are not
/// among them.
bool is_rotated_name(std::string_view base, std::string_view name) noexcept;

/// The file that `position` speaks of: the one of this name, or an older one in the same directory. Where its
/// number has changed, a copy with the same content in front of the position is as good, if that is 32 bytes
/// or more: many files begin with the same few, and the wrong one would be a gap that nobody hears of.
/// Nothing where there is none.
std::optional<RegularFile> find_position(const FileName& name, const FilePosition& position);

/// What comes after `file`: the oldest that is younger and not empty, else the file of this name, though that
/// be empty. Nothing where `file` is still the one of this name, or where there is none yet.
std::optional<RegularFile> find_successor(const FileName& name, const RegularFile& file);

}  // namespace coyield::generators
