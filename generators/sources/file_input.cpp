#include <coyield/generators/sources/file_input.hpp>

#include <coyield/config/mistake.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/rotation.hpp>
#include <utility>

namespace coyield::generators {

namespace {

constexpr std::size_t compressed_block = std::size_t{64} * 1024;
constexpr std::string_view gzip_magic = "\x1F\x8B";

}  // namespace

/// An open file, and what has to be read of it to begin somewhere in it.
struct FileInput::Place {
  RegularFile file = {};
  std::uint64_t offset = 0;
  FileHead head = {};
  std::string before = {};
};

FileInput::FileInput(Loop& loop, BlockingPool& pool, FileRequest request)
    : loop_(loop), pool_(pool), request_(std::move(request)), reader_(pool_, request_.name) {}

Task<void> FileInput::open() {
  if (request_.follow) {
    follower_.emplace(loop_, pool_, request_.name);
    co_await follower_->begin();
  }
  if (!request_.resume_after.empty()) {
    co_await resume();
  } else {
    co_await open_new();
  }
}

Task<void> FileInput::open_new() {
  const auto open_it = [this] { return find_start(open_regular_file(request_.name)); };
  // A client that has a say in the name may have mistyped it: to wait for such a file would be no answer.
  const auto look = [this] { return open_if_there(request_.name).has_value(); };
  const bool wait = follower_ && !request_.name.chosen_by_client;
  const bool there = wait ? co_await pool_.run(look) : true;
  if (!there) {
    RegularFile file = co_await follower_->file();
    co_return co_await start_at(std::move(file), 0);
  }
  Place place = co_await pool_.run(open_it);
  begins_within_ =
      request_.start.from == FileStart::From::end && !place.before.empty() && place.before.back() != '\n';
  co_await start(std::move(place));
}

FileInput::Place FileInput::find_start(RegularFile file) const {
  const bool at_end = request_.start.from == FileStart::From::end;
  const std::uint64_t offset = at_end ? file.size : request_.start.offset;
  if (offset > file.size) {
    throw Failure(FailureKind::invalid,
                  "byte " + std::to_string(offset) + " lies behind the end of " + request_.name.for_client());
  }
  return place_at(std::move(file), offset);
}

Task<void> FileInput::resume() {
  const auto position = parse_position(request_.resume_after);
  if (!position) {
    throw Failure(FailureKind::invalid, config::in_quotes(request_.resume_after) +
                                            " is no id of this endpoint's items; ask without it, or with one "
                                            "as it was sent");
  }
  const auto find_it = [this, &position] { return find_position(request_.name, *position); };
  std::optional<RegularFile> file = co_await pool_.run(find_it);
  begins_within_ = file && position->within;
  if (file) co_return co_await start_at(std::move(*file), position->offset);
  miss(request_.resume_after);
  if (follower_) {
    RegularFile current = co_await follower_->file();
    co_return co_await start_at(std::move(current), 0);
  }
  const auto open_it = [this] { return place_at(open_regular_file(request_.name), 0); };
  Place place = co_await pool_.run(open_it);
  co_await start(std::move(place));
}

/// Blocks.
FileInput::Place FileInput::place_at(RegularFile file, std::uint64_t offset) const {
  Place place;
  place.file = std::move(file);
  place.offset = offset;
  place.head.read(place.file.descriptor.get());
  char before[FilePosition::history];
  place.before = read_before(place.file.descriptor.get(), offset, before);
  return place;
}

Task<void> FileInput::start_at(RegularFile file, std::uint64_t offset) {
  const auto look = [this, &file, offset] { return place_at(std::move(file), offset); };
  Place place = co_await pool_.run(look);
  co_await start(std::move(place));
}

Task<void> FileInput::start(Place place) {
  cut_ = false;
  begin_ = place.offset;
  before_ = std::move(place.before);
  head_ = place.head;
  reader_.start(std::move(place.file), begin_);
  if (request_.decompress && head_.bytes().starts_with(gzip_magic)) check_compressed();
  if (!follower_) co_return;
  follower_->remember_only(before_);
  co_await follower_->watch(reader_.file());
}

/// Where it begins is all that a compressed file knows of places.
void FileInput::check_compressed() {
  const std::string file = request_.name.for_client();
  if (!request_.resume_after.empty())
    throw Failure(FailureKind::conflict, file + " is compressed, and its items have no ids");
  if (follower_) throw Failure(FailureKind::invalid, file + " is compressed and cannot be followed");
  if (begin_ != 0)
    throw Failure(FailureKind::invalid, file + " is compressed and can be read from its beginning only");
  inflater_ = std::make_unique<GzipInflater>();
  compressed_.reset(new char[compressed_block]);
}

Task<std::size_t> FileInput::read(std::span<char> into) {
  if (follower_) return read_followed(into);
  if (inflater_) return read_compressed(into);
  return reader_.read(into);
}

Task<bool> FileInput::more() {
  if (follower_ && !cut_) {
    const FileFollower::News news = co_await follower_->news(reader_);
    cut_ = news == FileFollower::News::cut;
    co_return news == FileFollower::News::more;
  }
  if (!follower_) check_end();
  co_return false;
}

void FileInput::check_end() const {
  const std::string file = request_.name.for_client();
  if (reader_.size() < reader_.file().size)
    throw Failure(FailureKind::upstream, file + " became shorter while it was read");
  if (inflater_ && !inflater_->may_end())
    throw Failure(FailureKind::upstream, file + " is compressed and cut off");
}

Task<std::size_t> FileInput::read_compressed(std::span<char> into) {
  for (;;) {
    if (inflater_->hungry()) {
      const std::span<char> block(compressed_.get(), compressed_block);
      const std::size_t n = co_await reader_.read(block);
      if (n == 0) co_return 0;
      inflater_->feed(block.first(n));
    }
    const std::size_t n = inflater_->inflate(into);
    if (n != 0) co_return n;
  }
}

Task<std::size_t> FileInput::read_followed(std::span<char> into) {
  if (cut_) co_return 0;
  const std::uint64_t begin = reader_.offset();
  const std::size_t n = co_await reader_.read(into);
  if (n == 0) co_return 0;
  // Looked at after the read: what was cut before it would have been read as something else.
  cut_ = !follower_->intact(reader_, begin);
  if (cut_) co_return 0;
  follower_->remember(into.first(n));
  if (!head_.complete()) head_.read(reader_.descriptor());
  co_return n;
}

Task<bool> FileInput::next_piece(std::uint64_t offset, std::string_view before) {
  if (!follower_) co_return false;
  gap_ = false;
  const bool within = begins_within_ && offset == begin_;
  begins_within_ = false;
  if (cut_) {
    co_await go_on_behind_cut(offset, before, within);
  } else {
    RegularFile successor = follower_->take_successor();
    co_await start_at(std::move(successor), 0);
  }
  co_return true;
}

/// It may have been copied before it was cut, as logrotate's copytruncate does: then the rest is there.
Task<void> FileInput::go_on_behind_cut(std::uint64_t offset, std::string_view before, bool within) {
  const auto position = this->position(offset, before);
  if (position && offset != 0) {
    const auto find_it = [this, &position] { return find_position(request_.name, *position); };
    std::optional<RegularFile> file = co_await pool_.run(find_it);
    begins_within_ = file && within;
    if (file) co_return co_await start_at(std::move(*file), offset);
  }
  // What was written and cut before it could be read has left no trace; what was seen of it has.
  if (reader_.offset() != offset) miss(position ? to_text(*position) : std::string());
  RegularFile current = co_await follower_->file();
  co_await start_at(std::move(current), 0);
}

void FileInput::miss(std::string from) {
  gap_ = true;
  gap_from_ = std::move(from);
}

void FileInput::rewind() noexcept {
  reader_.seek(0);
  if (follower_) follower_->remember_only("");
}

void FileInput::back() noexcept {
  reader_.seek(begin_);
  if (follower_) follower_->remember_only(before_);
}

std::optional<FilePosition> FileInput::position(std::uint64_t offset, std::string_view before) noexcept {
  if (inflater_) return std::nullopt;
  auto check = head_.check(offset, before);
  if (!check) {  // it has grown since its head was read
    head_.read(reader_.descriptor());
    check = head_.check(offset, before);
  }
  if (!check) return std::nullopt;
  return FilePosition{reader_.file().inode, offset, *check};
}

std::string FileInput::start_id() {
  if (!request_.resume_after.empty()) return request_.resume_after;
  auto position = this->position(begin_, before_);
  if (!position) return {};
  position->within = begins_within_;
  return to_text(*position);
}

std::string to_text(const FilePosition& position) {
  char text[FilePosition::max_text];
  return {text, write_position(text, position)};
}

}  // namespace coyield::generators
