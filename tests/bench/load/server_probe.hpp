#pragma once
#include <sys/types.h>

#include <cstdint>

namespace coyield::bench {

/// Looks at the server's process from outside: the CPU time of all its threads in nanoseconds' precision, and
/// the memory that is its own. What the kernel keeps for sockets is in neither.
class ServerProbe {
 public:
  /// 0: no process; everything is 0 then. Throws std::runtime_error where there is no such process.
  explicit ServerProbe(pid_t pid);
  double cpu_seconds() const;
  /// Private_Clean + Private_Dirty of smaps_rollup.
  std::uint64_t private_bytes() const;

 private:
  pid_t pid_;
};

double own_cpu_seconds();

}  // namespace coyield::bench
