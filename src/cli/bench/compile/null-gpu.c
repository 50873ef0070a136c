// A Vulkan driver (ICD) that stands in front of another one and executes nothing. Through it, Dawn opens a driver
// whose hardware is absent, such as RADV with RADV_FORCE_FAMILY, and compiles with that driver's real shader
// compiler. What the driver reports about each pipeline (VK_KHR_pipeline_executable_properties) is written to:
//   NULLGPU_STATS  a file that gets one line of JSON for each pipeline: registers, spills, occupancy
//   NULLGPU_ISA    a folder that gets one file for each pipeline: the driver's assembly
//   NULLGPU_ICD    (input) the library of the driver behind it
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vulkan/vulkan.h>

typedef PFN_vkVoidFunction (*GetProc)(VkInstance, const char *);
static GetProc real_get;
static PFN_vkGetDeviceProcAddr real_device_proc;
static PFN_vkCreateDevice real_create_device;
static PFN_vkCreateComputePipelines real_pipelines;
static PFN_vkGetPipelineExecutablePropertiesKHR get_properties;
static PFN_vkGetPipelineExecutableStatisticsKHR get_statistics;
static PFN_vkGetPipelineExecutableInternalRepresentationsKHR get_text;
static VkDevice the_device;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void open_real(void) {
  if (real_get) return;
  const char *path = getenv("NULLGPU_ICD");
  void *library = dlopen(path ? path : "libvulkan_radeon.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) { fprintf(stderr, "nullgpu: %s\n", dlerror()); abort(); }
  real_get = (GetProc)dlsym(library, "vk_icdGetInstanceProcAddr");
}

// Returns VK_SUCCESS for any call: nothing is recorded, submitted or waited for.
static long nothing(void) { return 0; }

static VKAPI_ATTR VkResult VKAPI_CALL map_memory(VkDevice d, VkDeviceMemory m, VkDeviceSize offset, VkDeviceSize size, VkMemoryMapFlags f, void **data) {
  // One lazily committed area serves all maps, because nothing reads back what was written.
  static char *area; static size_t area_bytes = (size_t)8 << 30;
  pthread_mutex_lock(&lock);
  if (!area) { area = malloc(area_bytes); }
  pthread_mutex_unlock(&lock);
  *data = area + (offset % (1u << 28));
  return VK_SUCCESS;
}
// Headers older than VK_KHR_map_memory2 do not have its struct.
struct map_info { VkStructureType type; const void *next; VkMemoryMapFlags flags; VkDeviceMemory memory; VkDeviceSize offset, size; };
static VKAPI_ATTR VkResult VKAPI_CALL map_memory2(VkDevice d, const struct map_info *i, void **data) {
  return map_memory(d, i->memory, i->offset, i->size, 0, data);
}
static VKAPI_ATTR VkResult VKAPI_CALL semaphore_value(VkDevice d, VkSemaphore s, uint64_t *value) { *value = UINT64_MAX >> 1; return VK_SUCCESS; }

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice p, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *a, VkDevice *out) {
  VkDeviceCreateInfo copy = *info;
  const char **names = malloc(sizeof(char *) * (info->enabledExtensionCount + 1));
  memcpy(names, info->ppEnabledExtensionNames, sizeof(char *) * info->enabledExtensionCount);
  names[info->enabledExtensionCount] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  copy.ppEnabledExtensionNames = names;
  copy.enabledExtensionCount++;
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR, (void *)info->pNext, VK_TRUE};
  copy.pNext = &feature;
  VkResult r = real_create_device(p, &copy, a, out);
  free(names);
  if (r == VK_SUCCESS) {
    the_device = *out;
    get_properties = (void *)real_device_proc(*out, "vkGetPipelineExecutablePropertiesKHR");
    get_statistics = (void *)real_device_proc(*out, "vkGetPipelineExecutableStatisticsKHR");
    get_text = (void *)real_device_proc(*out, "vkGetPipelineExecutableInternalRepresentationsKHR");
  }
  return r;
}

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e3 + t.tv_nsec / 1e6; }

static void report(VkDevice d, VkPipeline pipeline, double ms) {
  const char *path = getenv("NULLGPU_STATS"), *folder = getenv("NULLGPU_ISA");
  if (!get_properties || (!path && !folder)) return;
  VkPipelineInfoKHR info = {VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, 0, pipeline};
  uint32_t count = 0;
  get_properties(d, &info, &count, 0);
  VkPipelineExecutablePropertiesKHR *p = calloc(count, sizeof *p);
  for (uint32_t i = 0; i < count; i++) p[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR;
  get_properties(d, &info, &count, p);
  pthread_mutex_lock(&lock);
  int id = counter++;
  for (uint32_t i = 0; i < count; i++) {
    VkPipelineExecutableInfoKHR e = {VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, 0, pipeline, i};
    uint32_t n = 0;
    get_statistics(d, &e, &n, 0);
    VkPipelineExecutableStatisticKHR *s = calloc(n, sizeof *s);
    for (uint32_t j = 0; j < n; j++) s[j].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
    get_statistics(d, &e, &n, s);
    if (path) {
      FILE *f = fopen(path, "a");
      fprintf(f, "{\"id\":%d,\"executable\":\"%s\",\"subgroup\":%u,\"compileMs\":%.1f", id, p[i].name, p[i].subgroupSize, ms);
      for (uint32_t j = 0; j < n; j++) {
        fprintf(f, ",\"%s\":", s[j].name);
        switch (s[j].format) {
          case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR: fprintf(f, "%g", s[j].value.f64); break;
          case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR: fprintf(f, "%lld", (long long)s[j].value.i64); break;
          default: fprintf(f, "%llu", (unsigned long long)s[j].value.u64);
        }
      }
      fprintf(f, "}\n");
      fclose(f);
    }
    free(s);
    if (folder && get_text) {
      n = 0;
      get_text(d, &e, &n, 0);
      VkPipelineExecutableInternalRepresentationKHR *t = calloc(n, sizeof *t);
      for (uint32_t j = 0; j < n; j++) t[j].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR;
      get_text(d, &e, &n, t);
      for (uint32_t j = 0; j < n; j++) t[j].pData = t[j].dataSize ? malloc(t[j].dataSize + 1) : 0;
      get_text(d, &e, &n, t);
      char name[512];
      snprintf(name, sizeof name, "%s/%04d.txt", folder, id);
      FILE *f = fopen(name, "w");
      for (uint32_t j = 0; f && j < n; j++) {
        fprintf(f, "==== %s\n", t[j].name);
        if (t[j].isText && t[j].pData) fwrite(t[j].pData, 1, strnlen(t[j].pData, t[j].dataSize), f);
        free(t[j].pData);
      }
      if (f) fclose(f);
      free(t);
    }
  }
  pthread_mutex_unlock(&lock);
  free(p);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_pipelines(VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i, const VkAllocationCallbacks *a, VkPipeline *out) {
  VkComputePipelineCreateInfo *copy = malloc(n * sizeof *copy);
  memcpy(copy, i, n * sizeof *copy);
  for (uint32_t j = 0; j < n; j++) {
    copy[j].flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
    if (getenv("NULLGPU_ISA")) copy[j].flags |= VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
  }
  double before = now();
  // The cache is left out, because a pipeline found in it would report no statistics.
  VkResult r = real_pipelines(d, VK_NULL_HANDLE, n, copy, a, out);
  double ms = now() - before;
  if (r == VK_SUCCESS) for (uint32_t j = 0; j < n; j++) report(d, out[j], ms);
  free(copy);
  return r;
}

#define IS(text) (strcmp(name, text) == 0)
static PFN_vkVoidFunction wrap(const char *name, PFN_vkVoidFunction real) {
  if (!real) return real;
  if (strncmp(name, "vkCmd", 5) == 0) return (PFN_vkVoidFunction)nothing;
  if (IS("vkBeginCommandBuffer") || IS("vkEndCommandBuffer") || IS("vkResetCommandPool") || IS("vkResetCommandBuffer") ||
      IS("vkQueueSubmit") || IS("vkQueueSubmit2") || IS("vkQueueSubmit2KHR") || IS("vkQueueWaitIdle") || IS("vkDeviceWaitIdle") ||
      IS("vkWaitForFences") || IS("vkGetFenceStatus") || IS("vkResetFences") || IS("vkWaitSemaphores") || IS("vkWaitSemaphoresKHR") ||
      IS("vkUnmapMemory") || IS("vkUnmapMemory2KHR") || IS("vkFlushMappedMemoryRanges") || IS("vkInvalidateMappedMemoryRanges") ||
      IS("vkUpdateDescriptorSets"))
    return (PFN_vkVoidFunction)nothing;
  if (IS("vkMapMemory")) return (PFN_vkVoidFunction)map_memory;
  if (IS("vkMapMemory2KHR") || IS("vkMapMemory2")) return (PFN_vkVoidFunction)map_memory2;
  if (IS("vkGetSemaphoreCounterValue") || IS("vkGetSemaphoreCounterValueKHR")) return (PFN_vkVoidFunction)semaphore_value;
  if (IS("vkCreateComputePipelines")) { real_pipelines = (void *)real; return (PFN_vkVoidFunction)create_pipelines; }
  return real;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice d, const char *name) { return wrap(name, real_device_proc(d, name)); }

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetInstanceProcAddr(VkInstance instance, const char *name) {
  open_real();
  PFN_vkVoidFunction real = real_get(instance, name);
  if (!real) return real;
  if (IS("vkGetDeviceProcAddr")) { real_device_proc = (void *)real; return (PFN_vkVoidFunction)device_proc; }
  if (IS("vkCreateDevice")) { real_create_device = (void *)real; return (PFN_vkVoidFunction)create_device; }
  return wrap(name, real);
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetPhysicalDeviceProcAddr(VkInstance instance, const char *name) {
  return strstr(name, "PhysicalDevice") && !IS("vkCreateDevice") ? vk_icdGetInstanceProcAddr(instance, name) : NULL;
}

VKAPI_ATTR VkResult VKAPI_CALL vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  if (*version > 5) *version = 5;
  return VK_SUCCESS;
}
