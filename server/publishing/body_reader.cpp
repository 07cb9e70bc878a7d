#include <coyield/server/publishing/body_reader.hpp>

#include <algorithm>
#include <coyield/server/worker.hpp>

namespace coyield::server {

BodyReader::Status BodyReader::read(generators::Buffer& out) {
  if (whole()) return Status::whole;
  if (reader_.has_kept()) {
    const generators::Buffer kept = reader_.take_kept();
    return take(kept.view(), out);
  }
  if (!connection_.readable()) return Status::nothing;
  const auto read = connection_.read_some(worker_.in());
  if (read.status == Connection::ReadStatus::nothing) return Status::nothing;
  if (read.status == Connection::ReadStatus::closed) return Status::closed;
  return take({worker_.in().data(), read.size}, out);
}

BodyReader::Status BodyReader::take(std::string_view bytes, generators::Buffer& out) {
  std::size_t used = 0;
  if (length_.chunked) {
    used = chunks_.feed(bytes, out);
    if (chunks_.fault() != nullptr) return Status::fault;
  } else {
    used = std::min<std::uint64_t>(length_.bytes, bytes.size());
    out.append(bytes.substr(0, used));
    length_.bytes -= used;
  }
  if (used < bytes.size()) reader_.keep_for_later(bytes.substr(used));
  return Status::bytes;
}

}  // namespace coyield::server
