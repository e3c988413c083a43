

#include "objects.h"
#include "synapses_classes.h"
#include "brianlib/clocks.h"
#include "brianlib/dynamic_array.h"
#include "brianlib/stdint_compat.h"
#include "network.h"
#include<random>
#include<vector>
#include<iostream>
#include<fstream>
#include<map>
#include<tuple>
#include<cstdlib>
#include<string>

namespace brian {

std::string results_dir = "results/";  // can be overwritten by --results_dir command line arg

// For multhreading, we need one generator for each thread. We also create a distribution for
// each thread, even though this is not strictly necessary for the uniform distribution, as
// the distribution is stateless.
std::vector< RandomGenerator > _random_generators;

//////////////// networks /////////////////
Network magicnetwork;

void set_variable_from_value(std::string varname, char* var_pointer, size_t size, char value) {
    #ifdef DEBUG
    std::cout << "Setting '" << varname << "' to " << (value == 1 ? "True" : "False") << std::endl;
    #endif
    std::fill(var_pointer, var_pointer+size, value);
}

template<class T> void set_variable_from_value(std::string varname, T* var_pointer, size_t size, T value) {
    #ifdef DEBUG
    std::cout << "Setting '" << varname << "' to " << value << std::endl;
    #endif
    std::fill(var_pointer, var_pointer+size, value);
}

template<class T> void set_variable_from_file(std::string varname, T* var_pointer, size_t data_size, std::string filename) {
    ifstream f;
    streampos size;
    #ifdef DEBUG
    std::cout << "Setting '" << varname << "' from file '" << filename << "'" << std::endl;
    #endif
    f.open(filename, ios::in | ios::binary | ios::ate);
    size = f.tellg();
    if (size != data_size) {
        std::cerr << "Error reading '" << filename << "': file size " << size << " does not match expected size " << data_size << std::endl;
        return;
    }
    f.seekg(0, ios::beg);
    if (f.is_open())
        f.read(reinterpret_cast<char *>(var_pointer), data_size);
    else
        std::cerr << "Could not read '" << filename << "'" << std::endl;
    if (f.fail())
        std::cerr << "Error reading '" << filename << "'" << std::endl;
}

//////////////// set arrays by name ///////
void set_variable_by_name(std::string name, std::string s_value) {
    size_t var_size;
    size_t data_size;
    // C-style or Python-style capitalization is allowed for boolean values
    if (s_value == "true" || s_value == "True")
        s_value = "1";
    else if (s_value == "false" || s_value == "False")
        s_value = "0";
    // non-dynamic arrays
    if (name == "neurongroup._spikespace") {
        var_size = 10001;
        data_size = 10001*sizeof(int32_t);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<int32_t>(name, _array_neurongroup__spikespace, var_size, (int32_t)atoi(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, _array_neurongroup__spikespace, data_size, s_value);
        }
        return;
    }
    if (name == "neurongroup.v") {
        var_size = 10000;
        data_size = 10000*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, _array_neurongroup_v, var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, _array_neurongroup_v, data_size, s_value);
        }
        return;
    }
    if (name == "spikegeneratorgroup_1._spikespace") {
        var_size = 10001;
        data_size = 10001*sizeof(int32_t);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<int32_t>(name, _array_spikegeneratorgroup_1__spikespace, var_size, (int32_t)atoi(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, _array_spikegeneratorgroup_1__spikespace, data_size, s_value);
        }
        return;
    }
    if (name == "spikegeneratorgroup._spikespace") {
        var_size = 10001;
        data_size = 10001*sizeof(int32_t);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<int32_t>(name, _array_spikegeneratorgroup__spikespace, var_size, (int32_t)atoi(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, _array_spikegeneratorgroup__spikespace, data_size, s_value);
        }
        return;
    }
    // dynamic arrays (1d)
    if (name == "synapses_1.delay") {
        var_size = _dynamic_array_synapses_1_delay.size();
        data_size = var_size*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, &_dynamic_array_synapses_1_delay[0], var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, &_dynamic_array_synapses_1_delay[0], data_size, s_value);
        }
        return;
    }
    if (name == "synapses.Apost") {
        var_size = _dynamic_array_synapses_Apost.size();
        data_size = var_size*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, &_dynamic_array_synapses_Apost[0], var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, &_dynamic_array_synapses_Apost[0], data_size, s_value);
        }
        return;
    }
    if (name == "synapses.Apre") {
        var_size = _dynamic_array_synapses_Apre.size();
        data_size = var_size*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, &_dynamic_array_synapses_Apre[0], var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, &_dynamic_array_synapses_Apre[0], data_size, s_value);
        }
        return;
    }
    if (name == "synapses.delay") {
        var_size = _dynamic_array_synapses_delay.size();
        data_size = var_size*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, &_dynamic_array_synapses_delay[0], var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, &_dynamic_array_synapses_delay[0], data_size, s_value);
        }
        return;
    }
    if (name == "synapses.delay") {
        var_size = _dynamic_array_synapses_delay_1.size();
        data_size = var_size*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, &_dynamic_array_synapses_delay_1[0], var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, &_dynamic_array_synapses_delay_1[0], data_size, s_value);
        }
        return;
    }
    if (name == "synapses.lastupdate") {
        var_size = _dynamic_array_synapses_lastupdate.size();
        data_size = var_size*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, &_dynamic_array_synapses_lastupdate[0], var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, &_dynamic_array_synapses_lastupdate[0], data_size, s_value);
        }
        return;
    }
    if (name == "synapses.w") {
        var_size = _dynamic_array_synapses_w.size();
        data_size = var_size*sizeof(double);
        if (s_value[0] == '-' || (s_value[0] >= '0' && s_value[0] <= '9')) {
            // set from single value
            set_variable_from_value<double>(name, &_dynamic_array_synapses_w[0], var_size, (double)atof(s_value.c_str()));

        } else {
            // set from file
            set_variable_from_file(name, &_dynamic_array_synapses_w[0], data_size, s_value);
        }
        return;
    }
    std::cerr << "Cannot set unknown variable '" << name << "'." << std::endl;
    exit(1);
}
//////////////// arrays ///////////////////
double * _array_defaultclock_dt;
const int _num__array_defaultclock_dt = 1;
double * _array_defaultclock_t;
const int _num__array_defaultclock_t = 1;
int64_t * _array_defaultclock_timestep;
const int _num__array_defaultclock_timestep = 1;
int32_t * _array_neurongroup__spikespace;
const int _num__array_neurongroup__spikespace = 10001;
int32_t * _array_neurongroup_i;
const int _num__array_neurongroup_i = 10000;
double * _array_neurongroup_v;
const int _num__array_neurongroup_v = 10000;
int32_t * _array_spikegeneratorgroup_1__lastindex;
const int _num__array_spikegeneratorgroup_1__lastindex = 1;
int32_t * _array_spikegeneratorgroup_1__period_bins;
const int _num__array_spikegeneratorgroup_1__period_bins = 1;
int32_t * _array_spikegeneratorgroup_1__spikespace;
const int _num__array_spikegeneratorgroup_1__spikespace = 10001;
int32_t * _array_spikegeneratorgroup_1_i;
const int _num__array_spikegeneratorgroup_1_i = 10000;
double * _array_spikegeneratorgroup_1_period;
const int _num__array_spikegeneratorgroup_1_period = 1;
int32_t * _array_spikegeneratorgroup__lastindex;
const int _num__array_spikegeneratorgroup__lastindex = 1;
int32_t * _array_spikegeneratorgroup__period_bins;
const int _num__array_spikegeneratorgroup__period_bins = 1;
int32_t * _array_spikegeneratorgroup__spikespace;
const int _num__array_spikegeneratorgroup__spikespace = 10001;
int32_t * _array_spikegeneratorgroup_i;
const int _num__array_spikegeneratorgroup_i = 10000;
double * _array_spikegeneratorgroup_period;
const int _num__array_spikegeneratorgroup_period = 1;
int32_t * _array_synapses_1_N;
const int _num__array_synapses_1_N = 1;
int32_t * _array_synapses_N;
const int _num__array_synapses_N = 1;
int32_t * _array_synapses_sources;
const int _num__array_synapses_sources = 1000000;
int32_t * _array_synapses_targets;
const int _num__array_synapses_targets = 1000000;

//////////////// dynamic arrays 1d /////////
std::vector<int32_t> _dynamic_array_spikegeneratorgroup_1__timebins;
std::vector<int32_t> _dynamic_array_spikegeneratorgroup_1_neuron_index;
std::vector<int32_t> _dynamic_array_spikegeneratorgroup_1_spike_number;
std::vector<double> _dynamic_array_spikegeneratorgroup_1_spike_time;
std::vector<int32_t> _dynamic_array_spikegeneratorgroup__timebins;
std::vector<int32_t> _dynamic_array_spikegeneratorgroup_neuron_index;
std::vector<int32_t> _dynamic_array_spikegeneratorgroup_spike_number;
std::vector<double> _dynamic_array_spikegeneratorgroup_spike_time;
std::vector<int32_t> _dynamic_array_synapses_1__synaptic_post;
std::vector<int32_t> _dynamic_array_synapses_1__synaptic_pre;
std::vector<double> _dynamic_array_synapses_1_delay;
std::vector<int32_t> _dynamic_array_synapses_1_N_incoming;
std::vector<int32_t> _dynamic_array_synapses_1_N_outgoing;
std::vector<int32_t> _dynamic_array_synapses__synaptic_post;
std::vector<int32_t> _dynamic_array_synapses__synaptic_pre;
std::vector<double> _dynamic_array_synapses_Apost;
std::vector<double> _dynamic_array_synapses_Apre;
std::vector<double> _dynamic_array_synapses_delay;
std::vector<double> _dynamic_array_synapses_delay_1;
std::vector<double> _dynamic_array_synapses_lastupdate;
std::vector<int32_t> _dynamic_array_synapses_N_incoming;
std::vector<int32_t> _dynamic_array_synapses_N_outgoing;
std::vector<double> _dynamic_array_synapses_w;

//////////////// dynamic arrays 2d /////////

/////////////// static arrays /////////////
int32_t * _static_array__array_synapses_sources;
const int _num__static_array__array_synapses_sources = 1000000;
int32_t * _static_array__array_synapses_targets;
const int _num__static_array__array_synapses_targets = 1000000;
int32_t * _static_array__dynamic_array_spikegeneratorgroup_1__timebins;
const int _num__static_array__dynamic_array_spikegeneratorgroup_1__timebins = 100120;
int64_t * _static_array__dynamic_array_spikegeneratorgroup_1_neuron_index;
const int _num__static_array__dynamic_array_spikegeneratorgroup_1_neuron_index = 100120;
int64_t * _static_array__dynamic_array_spikegeneratorgroup_1_spike_number;
const int _num__static_array__dynamic_array_spikegeneratorgroup_1_spike_number = 100120;
double * _static_array__dynamic_array_spikegeneratorgroup_1_spike_time;
const int _num__static_array__dynamic_array_spikegeneratorgroup_1_spike_time = 100120;
int32_t * _static_array__dynamic_array_spikegeneratorgroup__timebins;
const int _num__static_array__dynamic_array_spikegeneratorgroup__timebins = 100573;
int64_t * _static_array__dynamic_array_spikegeneratorgroup_neuron_index;
const int _num__static_array__dynamic_array_spikegeneratorgroup_neuron_index = 100573;
int64_t * _static_array__dynamic_array_spikegeneratorgroup_spike_number;
const int _num__static_array__dynamic_array_spikegeneratorgroup_spike_number = 100573;
double * _static_array__dynamic_array_spikegeneratorgroup_spike_time;
const int _num__static_array__dynamic_array_spikegeneratorgroup_spike_time = 100573;

//////////////// synapses /////////////////
// synapses
SynapticPathway synapses_post(
    _dynamic_array_synapses__synaptic_post,
    0, 10000);
SynapticPathway synapses_pre(
    _dynamic_array_synapses__synaptic_pre,
    0, 10000);
// synapses_1
SynapticPathway synapses_1_pre(
    _dynamic_array_synapses_1__synaptic_pre,
    0, 10000);

//////////////// clocks ///////////////////
Clock defaultclock;  // attributes will be set in run.cpp

// Profiling information for each code object
}

void _init_arrays()
{
    using namespace brian;

    // Arrays initialized to 0
    _array_defaultclock_dt = new double[1];
    
    for(int i=0; i<1; i++) _array_defaultclock_dt[i] = 0;

    _array_defaultclock_t = new double[1];
    
    for(int i=0; i<1; i++) _array_defaultclock_t[i] = 0;

    _array_defaultclock_timestep = new int64_t[1];
    
    for(int i=0; i<1; i++) _array_defaultclock_timestep[i] = 0;

    _array_neurongroup__spikespace = new int32_t[10001];
    
    for(int i=0; i<10001; i++) _array_neurongroup__spikespace[i] = 0;

    _array_neurongroup_i = new int32_t[10000];
    
    for(int i=0; i<10000; i++) _array_neurongroup_i[i] = 0;

    _array_neurongroup_v = new double[10000];
    
    for(int i=0; i<10000; i++) _array_neurongroup_v[i] = 0;

    _array_spikegeneratorgroup_1__lastindex = new int32_t[1];
    
    for(int i=0; i<1; i++) _array_spikegeneratorgroup_1__lastindex[i] = 0;

    _array_spikegeneratorgroup_1__period_bins = new int32_t[1];
    
    for(int i=0; i<1; i++) _array_spikegeneratorgroup_1__period_bins[i] = 0;

    _array_spikegeneratorgroup_1__spikespace = new int32_t[10001];
    
    for(int i=0; i<10001; i++) _array_spikegeneratorgroup_1__spikespace[i] = 0;

    _array_spikegeneratorgroup_1_i = new int32_t[10000];
    
    for(int i=0; i<10000; i++) _array_spikegeneratorgroup_1_i[i] = 0;

    _array_spikegeneratorgroup_1_period = new double[1];
    
    for(int i=0; i<1; i++) _array_spikegeneratorgroup_1_period[i] = 0;

    _array_spikegeneratorgroup__lastindex = new int32_t[1];
    
    for(int i=0; i<1; i++) _array_spikegeneratorgroup__lastindex[i] = 0;

    _array_spikegeneratorgroup__period_bins = new int32_t[1];
    
    for(int i=0; i<1; i++) _array_spikegeneratorgroup__period_bins[i] = 0;

    _array_spikegeneratorgroup__spikespace = new int32_t[10001];
    
    for(int i=0; i<10001; i++) _array_spikegeneratorgroup__spikespace[i] = 0;

    _array_spikegeneratorgroup_i = new int32_t[10000];
    
    for(int i=0; i<10000; i++) _array_spikegeneratorgroup_i[i] = 0;

    _array_spikegeneratorgroup_period = new double[1];
    
    for(int i=0; i<1; i++) _array_spikegeneratorgroup_period[i] = 0;

    _array_synapses_1_N = new int32_t[1];
    
    for(int i=0; i<1; i++) _array_synapses_1_N[i] = 0;

    _array_synapses_N = new int32_t[1];
    
    for(int i=0; i<1; i++) _array_synapses_N[i] = 0;

    _array_synapses_sources = new int32_t[1000000];
    
    for(int i=0; i<1000000; i++) _array_synapses_sources[i] = 0;

    _array_synapses_targets = new int32_t[1000000];
    
    for(int i=0; i<1000000; i++) _array_synapses_targets[i] = 0;

    _dynamic_array_spikegeneratorgroup_1__timebins.resize(100120);
    
    for(int i=0; i<100120; i++) _dynamic_array_spikegeneratorgroup_1__timebins[i] = 0;

    _dynamic_array_spikegeneratorgroup__timebins.resize(100573);
    
    for(int i=0; i<100573; i++) _dynamic_array_spikegeneratorgroup__timebins[i] = 0;


    // Arrays initialized to an "arange"
    _array_neurongroup_i = new int32_t[10000];
    
    for(int i=0; i<10000; i++) _array_neurongroup_i[i] = 0 + i;

    _array_spikegeneratorgroup_1_i = new int32_t[10000];
    
    for(int i=0; i<10000; i++) _array_spikegeneratorgroup_1_i[i] = 0 + i;

    _array_spikegeneratorgroup_i = new int32_t[10000];
    
    for(int i=0; i<10000; i++) _array_spikegeneratorgroup_i[i] = 0 + i;


    // static arrays
    _static_array__array_synapses_sources = new int32_t[1000000];
    _static_array__array_synapses_targets = new int32_t[1000000];
    _static_array__dynamic_array_spikegeneratorgroup_1__timebins = new int32_t[100120];
    _static_array__dynamic_array_spikegeneratorgroup_1_neuron_index = new int64_t[100120];
    _static_array__dynamic_array_spikegeneratorgroup_1_spike_number = new int64_t[100120];
    _static_array__dynamic_array_spikegeneratorgroup_1_spike_time = new double[100120];
    _static_array__dynamic_array_spikegeneratorgroup__timebins = new int32_t[100573];
    _static_array__dynamic_array_spikegeneratorgroup_neuron_index = new int64_t[100573];
    _static_array__dynamic_array_spikegeneratorgroup_spike_number = new int64_t[100573];
    _static_array__dynamic_array_spikegeneratorgroup_spike_time = new double[100573];

    // Random number generator states
    std::random_device rd;
    for (int i=0; i<1; i++)
        _random_generators.push_back(RandomGenerator());
}

void _load_arrays()
{
    using namespace brian;

    ifstream f_static_array__array_synapses_sources;
    f_static_array__array_synapses_sources.open("static_arrays/_static_array__array_synapses_sources", ios::in | ios::binary);
    if(f_static_array__array_synapses_sources.is_open())
    {
        f_static_array__array_synapses_sources.read(reinterpret_cast<char*>(_static_array__array_synapses_sources), 1000000*sizeof(int32_t));
    } else
    {
        std::cout << "Error opening static array _static_array__array_synapses_sources." << endl;
    }
    ifstream f_static_array__array_synapses_targets;
    f_static_array__array_synapses_targets.open("static_arrays/_static_array__array_synapses_targets", ios::in | ios::binary);
    if(f_static_array__array_synapses_targets.is_open())
    {
        f_static_array__array_synapses_targets.read(reinterpret_cast<char*>(_static_array__array_synapses_targets), 1000000*sizeof(int32_t));
    } else
    {
        std::cout << "Error opening static array _static_array__array_synapses_targets." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup_1__timebins;
    f_static_array__dynamic_array_spikegeneratorgroup_1__timebins.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup_1__timebins", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup_1__timebins.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup_1__timebins.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup_1__timebins), 100120*sizeof(int32_t));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup_1__timebins." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup_1_neuron_index;
    f_static_array__dynamic_array_spikegeneratorgroup_1_neuron_index.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup_1_neuron_index", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup_1_neuron_index.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup_1_neuron_index.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup_1_neuron_index), 100120*sizeof(int64_t));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup_1_neuron_index." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup_1_spike_number;
    f_static_array__dynamic_array_spikegeneratorgroup_1_spike_number.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup_1_spike_number", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup_1_spike_number.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup_1_spike_number.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup_1_spike_number), 100120*sizeof(int64_t));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup_1_spike_number." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup_1_spike_time;
    f_static_array__dynamic_array_spikegeneratorgroup_1_spike_time.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup_1_spike_time", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup_1_spike_time.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup_1_spike_time.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup_1_spike_time), 100120*sizeof(double));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup_1_spike_time." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup__timebins;
    f_static_array__dynamic_array_spikegeneratorgroup__timebins.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup__timebins", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup__timebins.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup__timebins.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup__timebins), 100573*sizeof(int32_t));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup__timebins." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup_neuron_index;
    f_static_array__dynamic_array_spikegeneratorgroup_neuron_index.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup_neuron_index", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup_neuron_index.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup_neuron_index.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup_neuron_index), 100573*sizeof(int64_t));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup_neuron_index." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup_spike_number;
    f_static_array__dynamic_array_spikegeneratorgroup_spike_number.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup_spike_number", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup_spike_number.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup_spike_number.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup_spike_number), 100573*sizeof(int64_t));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup_spike_number." << endl;
    }
    ifstream f_static_array__dynamic_array_spikegeneratorgroup_spike_time;
    f_static_array__dynamic_array_spikegeneratorgroup_spike_time.open("static_arrays/_static_array__dynamic_array_spikegeneratorgroup_spike_time", ios::in | ios::binary);
    if(f_static_array__dynamic_array_spikegeneratorgroup_spike_time.is_open())
    {
        f_static_array__dynamic_array_spikegeneratorgroup_spike_time.read(reinterpret_cast<char*>(_static_array__dynamic_array_spikegeneratorgroup_spike_time), 100573*sizeof(double));
    } else
    {
        std::cout << "Error opening static array _static_array__dynamic_array_spikegeneratorgroup_spike_time." << endl;
    }
}

void _write_arrays()
{
    using namespace brian;

    ofstream outfile__array_defaultclock_dt;
    outfile__array_defaultclock_dt.open(results_dir + "_array_defaultclock_dt_1978099143", ios::binary | ios::out);
    if(outfile__array_defaultclock_dt.is_open())
    {
        outfile__array_defaultclock_dt.write(reinterpret_cast<char*>(_array_defaultclock_dt), 1*sizeof(_array_defaultclock_dt[0]));
        outfile__array_defaultclock_dt.close();
    } else
    {
        std::cout << "Error writing output file for _array_defaultclock_dt." << endl;
    }
    ofstream outfile__array_defaultclock_t;
    outfile__array_defaultclock_t.open(results_dir + "_array_defaultclock_t_2669362164", ios::binary | ios::out);
    if(outfile__array_defaultclock_t.is_open())
    {
        outfile__array_defaultclock_t.write(reinterpret_cast<char*>(_array_defaultclock_t), 1*sizeof(_array_defaultclock_t[0]));
        outfile__array_defaultclock_t.close();
    } else
    {
        std::cout << "Error writing output file for _array_defaultclock_t." << endl;
    }
    ofstream outfile__array_defaultclock_timestep;
    outfile__array_defaultclock_timestep.open(results_dir + "_array_defaultclock_timestep_144223508", ios::binary | ios::out);
    if(outfile__array_defaultclock_timestep.is_open())
    {
        outfile__array_defaultclock_timestep.write(reinterpret_cast<char*>(_array_defaultclock_timestep), 1*sizeof(_array_defaultclock_timestep[0]));
        outfile__array_defaultclock_timestep.close();
    } else
    {
        std::cout << "Error writing output file for _array_defaultclock_timestep." << endl;
    }
    ofstream outfile__array_neurongroup__spikespace;
    outfile__array_neurongroup__spikespace.open(results_dir + "_array_neurongroup__spikespace_3522821529", ios::binary | ios::out);
    if(outfile__array_neurongroup__spikespace.is_open())
    {
        outfile__array_neurongroup__spikespace.write(reinterpret_cast<char*>(_array_neurongroup__spikespace), 10001*sizeof(_array_neurongroup__spikespace[0]));
        outfile__array_neurongroup__spikespace.close();
    } else
    {
        std::cout << "Error writing output file for _array_neurongroup__spikespace." << endl;
    }
    ofstream outfile__array_neurongroup_i;
    outfile__array_neurongroup_i.open(results_dir + "_array_neurongroup_i_2649026944", ios::binary | ios::out);
    if(outfile__array_neurongroup_i.is_open())
    {
        outfile__array_neurongroup_i.write(reinterpret_cast<char*>(_array_neurongroup_i), 10000*sizeof(_array_neurongroup_i[0]));
        outfile__array_neurongroup_i.close();
    } else
    {
        std::cout << "Error writing output file for _array_neurongroup_i." << endl;
    }
    ofstream outfile__array_neurongroup_v;
    outfile__array_neurongroup_v.open(results_dir + "_array_neurongroup_v_283966581", ios::binary | ios::out);
    if(outfile__array_neurongroup_v.is_open())
    {
        outfile__array_neurongroup_v.write(reinterpret_cast<char*>(_array_neurongroup_v), 10000*sizeof(_array_neurongroup_v[0]));
        outfile__array_neurongroup_v.close();
    } else
    {
        std::cout << "Error writing output file for _array_neurongroup_v." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup_1__lastindex;
    outfile__array_spikegeneratorgroup_1__lastindex.open(results_dir + "_array_spikegeneratorgroup_1__lastindex_1569583423", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup_1__lastindex.is_open())
    {
        outfile__array_spikegeneratorgroup_1__lastindex.write(reinterpret_cast<char*>(_array_spikegeneratorgroup_1__lastindex), 1*sizeof(_array_spikegeneratorgroup_1__lastindex[0]));
        outfile__array_spikegeneratorgroup_1__lastindex.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup_1__lastindex." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup_1__period_bins;
    outfile__array_spikegeneratorgroup_1__period_bins.open(results_dir + "_array_spikegeneratorgroup_1__period_bins_679766417", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup_1__period_bins.is_open())
    {
        outfile__array_spikegeneratorgroup_1__period_bins.write(reinterpret_cast<char*>(_array_spikegeneratorgroup_1__period_bins), 1*sizeof(_array_spikegeneratorgroup_1__period_bins[0]));
        outfile__array_spikegeneratorgroup_1__period_bins.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup_1__period_bins." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup_1__spikespace;
    outfile__array_spikegeneratorgroup_1__spikespace.open(results_dir + "_array_spikegeneratorgroup_1__spikespace_3605309379", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup_1__spikespace.is_open())
    {
        outfile__array_spikegeneratorgroup_1__spikespace.write(reinterpret_cast<char*>(_array_spikegeneratorgroup_1__spikespace), 10001*sizeof(_array_spikegeneratorgroup_1__spikespace[0]));
        outfile__array_spikegeneratorgroup_1__spikespace.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup_1__spikespace." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup_1_i;
    outfile__array_spikegeneratorgroup_1_i.open(results_dir + "_array_spikegeneratorgroup_1_i_2942362625", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup_1_i.is_open())
    {
        outfile__array_spikegeneratorgroup_1_i.write(reinterpret_cast<char*>(_array_spikegeneratorgroup_1_i), 10000*sizeof(_array_spikegeneratorgroup_1_i[0]));
        outfile__array_spikegeneratorgroup_1_i.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup_1_i." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup_1_period;
    outfile__array_spikegeneratorgroup_1_period.open(results_dir + "_array_spikegeneratorgroup_1_period_2560000571", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup_1_period.is_open())
    {
        outfile__array_spikegeneratorgroup_1_period.write(reinterpret_cast<char*>(_array_spikegeneratorgroup_1_period), 1*sizeof(_array_spikegeneratorgroup_1_period[0]));
        outfile__array_spikegeneratorgroup_1_period.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup_1_period." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup__lastindex;
    outfile__array_spikegeneratorgroup__lastindex.open(results_dir + "_array_spikegeneratorgroup__lastindex_987837788", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup__lastindex.is_open())
    {
        outfile__array_spikegeneratorgroup__lastindex.write(reinterpret_cast<char*>(_array_spikegeneratorgroup__lastindex), 1*sizeof(_array_spikegeneratorgroup__lastindex[0]));
        outfile__array_spikegeneratorgroup__lastindex.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup__lastindex." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup__period_bins;
    outfile__array_spikegeneratorgroup__period_bins.open(results_dir + "_array_spikegeneratorgroup__period_bins_4200411184", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup__period_bins.is_open())
    {
        outfile__array_spikegeneratorgroup__period_bins.write(reinterpret_cast<char*>(_array_spikegeneratorgroup__period_bins), 1*sizeof(_array_spikegeneratorgroup__period_bins[0]));
        outfile__array_spikegeneratorgroup__period_bins.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup__period_bins." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup__spikespace;
    outfile__array_spikegeneratorgroup__spikespace.open(results_dir + "_array_spikegeneratorgroup__spikespace_37288933", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup__spikespace.is_open())
    {
        outfile__array_spikegeneratorgroup__spikespace.write(reinterpret_cast<char*>(_array_spikegeneratorgroup__spikespace), 10001*sizeof(_array_spikegeneratorgroup__spikespace[0]));
        outfile__array_spikegeneratorgroup__spikespace.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup__spikespace." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup_i;
    outfile__array_spikegeneratorgroup_i.open(results_dir + "_array_spikegeneratorgroup_i_1329498599", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup_i.is_open())
    {
        outfile__array_spikegeneratorgroup_i.write(reinterpret_cast<char*>(_array_spikegeneratorgroup_i), 10000*sizeof(_array_spikegeneratorgroup_i[0]));
        outfile__array_spikegeneratorgroup_i.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup_i." << endl;
    }
    ofstream outfile__array_spikegeneratorgroup_period;
    outfile__array_spikegeneratorgroup_period.open(results_dir + "_array_spikegeneratorgroup_period_3457314764", ios::binary | ios::out);
    if(outfile__array_spikegeneratorgroup_period.is_open())
    {
        outfile__array_spikegeneratorgroup_period.write(reinterpret_cast<char*>(_array_spikegeneratorgroup_period), 1*sizeof(_array_spikegeneratorgroup_period[0]));
        outfile__array_spikegeneratorgroup_period.close();
    } else
    {
        std::cout << "Error writing output file for _array_spikegeneratorgroup_period." << endl;
    }
    ofstream outfile__array_synapses_1_N;
    outfile__array_synapses_1_N.open(results_dir + "_array_synapses_1_N_1771729519", ios::binary | ios::out);
    if(outfile__array_synapses_1_N.is_open())
    {
        outfile__array_synapses_1_N.write(reinterpret_cast<char*>(_array_synapses_1_N), 1*sizeof(_array_synapses_1_N[0]));
        outfile__array_synapses_1_N.close();
    } else
    {
        std::cout << "Error writing output file for _array_synapses_1_N." << endl;
    }
    ofstream outfile__array_synapses_N;
    outfile__array_synapses_N.open(results_dir + "_array_synapses_N_483293785", ios::binary | ios::out);
    if(outfile__array_synapses_N.is_open())
    {
        outfile__array_synapses_N.write(reinterpret_cast<char*>(_array_synapses_N), 1*sizeof(_array_synapses_N[0]));
        outfile__array_synapses_N.close();
    } else
    {
        std::cout << "Error writing output file for _array_synapses_N." << endl;
    }
    ofstream outfile__array_synapses_sources;
    outfile__array_synapses_sources.open(results_dir + "_array_synapses_sources_4052383611", ios::binary | ios::out);
    if(outfile__array_synapses_sources.is_open())
    {
        outfile__array_synapses_sources.write(reinterpret_cast<char*>(_array_synapses_sources), 1000000*sizeof(_array_synapses_sources[0]));
        outfile__array_synapses_sources.close();
    } else
    {
        std::cout << "Error writing output file for _array_synapses_sources." << endl;
    }
    ofstream outfile__array_synapses_targets;
    outfile__array_synapses_targets.open(results_dir + "_array_synapses_targets_2358512794", ios::binary | ios::out);
    if(outfile__array_synapses_targets.is_open())
    {
        outfile__array_synapses_targets.write(reinterpret_cast<char*>(_array_synapses_targets), 1000000*sizeof(_array_synapses_targets[0]));
        outfile__array_synapses_targets.close();
    } else
    {
        std::cout << "Error writing output file for _array_synapses_targets." << endl;
    }

    ofstream outfile__dynamic_array_spikegeneratorgroup_1__timebins;
    outfile__dynamic_array_spikegeneratorgroup_1__timebins.open(results_dir + "_dynamic_array_spikegeneratorgroup_1__timebins_1685057982", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup_1__timebins.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup_1__timebins.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup_1__timebins.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup_1__timebins[0]), _dynamic_array_spikegeneratorgroup_1__timebins.size()*sizeof(_dynamic_array_spikegeneratorgroup_1__timebins[0]));
            outfile__dynamic_array_spikegeneratorgroup_1__timebins.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup_1__timebins." << endl;
    }
    ofstream outfile__dynamic_array_spikegeneratorgroup_1_neuron_index;
    outfile__dynamic_array_spikegeneratorgroup_1_neuron_index.open(results_dir + "_dynamic_array_spikegeneratorgroup_1_neuron_index_3551457201", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup_1_neuron_index.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup_1_neuron_index.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup_1_neuron_index.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup_1_neuron_index[0]), _dynamic_array_spikegeneratorgroup_1_neuron_index.size()*sizeof(_dynamic_array_spikegeneratorgroup_1_neuron_index[0]));
            outfile__dynamic_array_spikegeneratorgroup_1_neuron_index.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup_1_neuron_index." << endl;
    }
    ofstream outfile__dynamic_array_spikegeneratorgroup_1_spike_number;
    outfile__dynamic_array_spikegeneratorgroup_1_spike_number.open(results_dir + "_dynamic_array_spikegeneratorgroup_1_spike_number_2688997505", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup_1_spike_number.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup_1_spike_number.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup_1_spike_number.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup_1_spike_number[0]), _dynamic_array_spikegeneratorgroup_1_spike_number.size()*sizeof(_dynamic_array_spikegeneratorgroup_1_spike_number[0]));
            outfile__dynamic_array_spikegeneratorgroup_1_spike_number.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup_1_spike_number." << endl;
    }
    ofstream outfile__dynamic_array_spikegeneratorgroup_1_spike_time;
    outfile__dynamic_array_spikegeneratorgroup_1_spike_time.open(results_dir + "_dynamic_array_spikegeneratorgroup_1_spike_time_2197214823", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup_1_spike_time.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup_1_spike_time.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup_1_spike_time.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup_1_spike_time[0]), _dynamic_array_spikegeneratorgroup_1_spike_time.size()*sizeof(_dynamic_array_spikegeneratorgroup_1_spike_time[0]));
            outfile__dynamic_array_spikegeneratorgroup_1_spike_time.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup_1_spike_time." << endl;
    }
    ofstream outfile__dynamic_array_spikegeneratorgroup__timebins;
    outfile__dynamic_array_spikegeneratorgroup__timebins.open(results_dir + "_dynamic_array_spikegeneratorgroup__timebins_4247931087", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup__timebins.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup__timebins.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup__timebins.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup__timebins[0]), _dynamic_array_spikegeneratorgroup__timebins.size()*sizeof(_dynamic_array_spikegeneratorgroup__timebins[0]));
            outfile__dynamic_array_spikegeneratorgroup__timebins.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup__timebins." << endl;
    }
    ofstream outfile__dynamic_array_spikegeneratorgroup_neuron_index;
    outfile__dynamic_array_spikegeneratorgroup_neuron_index.open(results_dir + "_dynamic_array_spikegeneratorgroup_neuron_index_2789266935", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup_neuron_index.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup_neuron_index.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup_neuron_index.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup_neuron_index[0]), _dynamic_array_spikegeneratorgroup_neuron_index.size()*sizeof(_dynamic_array_spikegeneratorgroup_neuron_index[0]));
            outfile__dynamic_array_spikegeneratorgroup_neuron_index.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup_neuron_index." << endl;
    }
    ofstream outfile__dynamic_array_spikegeneratorgroup_spike_number;
    outfile__dynamic_array_spikegeneratorgroup_spike_number.open(results_dir + "_dynamic_array_spikegeneratorgroup_spike_number_3584615111", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup_spike_number.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup_spike_number.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup_spike_number.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup_spike_number[0]), _dynamic_array_spikegeneratorgroup_spike_number.size()*sizeof(_dynamic_array_spikegeneratorgroup_spike_number[0]));
            outfile__dynamic_array_spikegeneratorgroup_spike_number.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup_spike_number." << endl;
    }
    ofstream outfile__dynamic_array_spikegeneratorgroup_spike_time;
    outfile__dynamic_array_spikegeneratorgroup_spike_time.open(results_dir + "_dynamic_array_spikegeneratorgroup_spike_time_2775435892", ios::binary | ios::out);
    if(outfile__dynamic_array_spikegeneratorgroup_spike_time.is_open())
    {
        if (! _dynamic_array_spikegeneratorgroup_spike_time.empty() )
        {
            outfile__dynamic_array_spikegeneratorgroup_spike_time.write(reinterpret_cast<char*>(&_dynamic_array_spikegeneratorgroup_spike_time[0]), _dynamic_array_spikegeneratorgroup_spike_time.size()*sizeof(_dynamic_array_spikegeneratorgroup_spike_time[0]));
            outfile__dynamic_array_spikegeneratorgroup_spike_time.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_spikegeneratorgroup_spike_time." << endl;
    }
    ofstream outfile__dynamic_array_synapses_1__synaptic_post;
    outfile__dynamic_array_synapses_1__synaptic_post.open(results_dir + "_dynamic_array_synapses_1__synaptic_post_1999337987", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_1__synaptic_post.is_open())
    {
        if (! _dynamic_array_synapses_1__synaptic_post.empty() )
        {
            outfile__dynamic_array_synapses_1__synaptic_post.write(reinterpret_cast<char*>(&_dynamic_array_synapses_1__synaptic_post[0]), _dynamic_array_synapses_1__synaptic_post.size()*sizeof(_dynamic_array_synapses_1__synaptic_post[0]));
            outfile__dynamic_array_synapses_1__synaptic_post.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_1__synaptic_post." << endl;
    }
    ofstream outfile__dynamic_array_synapses_1__synaptic_pre;
    outfile__dynamic_array_synapses_1__synaptic_pre.open(results_dir + "_dynamic_array_synapses_1__synaptic_pre_681065502", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_1__synaptic_pre.is_open())
    {
        if (! _dynamic_array_synapses_1__synaptic_pre.empty() )
        {
            outfile__dynamic_array_synapses_1__synaptic_pre.write(reinterpret_cast<char*>(&_dynamic_array_synapses_1__synaptic_pre[0]), _dynamic_array_synapses_1__synaptic_pre.size()*sizeof(_dynamic_array_synapses_1__synaptic_pre[0]));
            outfile__dynamic_array_synapses_1__synaptic_pre.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_1__synaptic_pre." << endl;
    }
    ofstream outfile__dynamic_array_synapses_1_delay;
    outfile__dynamic_array_synapses_1_delay.open(results_dir + "_dynamic_array_synapses_1_delay_2373823482", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_1_delay.is_open())
    {
        if (! _dynamic_array_synapses_1_delay.empty() )
        {
            outfile__dynamic_array_synapses_1_delay.write(reinterpret_cast<char*>(&_dynamic_array_synapses_1_delay[0]), _dynamic_array_synapses_1_delay.size()*sizeof(_dynamic_array_synapses_1_delay[0]));
            outfile__dynamic_array_synapses_1_delay.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_1_delay." << endl;
    }
    ofstream outfile__dynamic_array_synapses_1_N_incoming;
    outfile__dynamic_array_synapses_1_N_incoming.open(results_dir + "_dynamic_array_synapses_1_N_incoming_3469555706", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_1_N_incoming.is_open())
    {
        if (! _dynamic_array_synapses_1_N_incoming.empty() )
        {
            outfile__dynamic_array_synapses_1_N_incoming.write(reinterpret_cast<char*>(&_dynamic_array_synapses_1_N_incoming[0]), _dynamic_array_synapses_1_N_incoming.size()*sizeof(_dynamic_array_synapses_1_N_incoming[0]));
            outfile__dynamic_array_synapses_1_N_incoming.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_1_N_incoming." << endl;
    }
    ofstream outfile__dynamic_array_synapses_1_N_outgoing;
    outfile__dynamic_array_synapses_1_N_outgoing.open(results_dir + "_dynamic_array_synapses_1_N_outgoing_3922806560", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_1_N_outgoing.is_open())
    {
        if (! _dynamic_array_synapses_1_N_outgoing.empty() )
        {
            outfile__dynamic_array_synapses_1_N_outgoing.write(reinterpret_cast<char*>(&_dynamic_array_synapses_1_N_outgoing[0]), _dynamic_array_synapses_1_N_outgoing.size()*sizeof(_dynamic_array_synapses_1_N_outgoing[0]));
            outfile__dynamic_array_synapses_1_N_outgoing.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_1_N_outgoing." << endl;
    }
    ofstream outfile__dynamic_array_synapses__synaptic_post;
    outfile__dynamic_array_synapses__synaptic_post.open(results_dir + "_dynamic_array_synapses__synaptic_post_1801389495", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses__synaptic_post.is_open())
    {
        if (! _dynamic_array_synapses__synaptic_post.empty() )
        {
            outfile__dynamic_array_synapses__synaptic_post.write(reinterpret_cast<char*>(&_dynamic_array_synapses__synaptic_post[0]), _dynamic_array_synapses__synaptic_post.size()*sizeof(_dynamic_array_synapses__synaptic_post[0]));
            outfile__dynamic_array_synapses__synaptic_post.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses__synaptic_post." << endl;
    }
    ofstream outfile__dynamic_array_synapses__synaptic_pre;
    outfile__dynamic_array_synapses__synaptic_pre.open(results_dir + "_dynamic_array_synapses__synaptic_pre_814148175", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses__synaptic_pre.is_open())
    {
        if (! _dynamic_array_synapses__synaptic_pre.empty() )
        {
            outfile__dynamic_array_synapses__synaptic_pre.write(reinterpret_cast<char*>(&_dynamic_array_synapses__synaptic_pre[0]), _dynamic_array_synapses__synaptic_pre.size()*sizeof(_dynamic_array_synapses__synaptic_pre[0]));
            outfile__dynamic_array_synapses__synaptic_pre.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses__synaptic_pre." << endl;
    }
    ofstream outfile__dynamic_array_synapses_Apost;
    outfile__dynamic_array_synapses_Apost.open(results_dir + "_dynamic_array_synapses_Apost_2876048651", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_Apost.is_open())
    {
        if (! _dynamic_array_synapses_Apost.empty() )
        {
            outfile__dynamic_array_synapses_Apost.write(reinterpret_cast<char*>(&_dynamic_array_synapses_Apost[0]), _dynamic_array_synapses_Apost.size()*sizeof(_dynamic_array_synapses_Apost[0]));
            outfile__dynamic_array_synapses_Apost.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_Apost." << endl;
    }
    ofstream outfile__dynamic_array_synapses_Apre;
    outfile__dynamic_array_synapses_Apre.open(results_dir + "_dynamic_array_synapses_Apre_3102407472", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_Apre.is_open())
    {
        if (! _dynamic_array_synapses_Apre.empty() )
        {
            outfile__dynamic_array_synapses_Apre.write(reinterpret_cast<char*>(&_dynamic_array_synapses_Apre[0]), _dynamic_array_synapses_Apre.size()*sizeof(_dynamic_array_synapses_Apre[0]));
            outfile__dynamic_array_synapses_Apre.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_Apre." << endl;
    }
    ofstream outfile__dynamic_array_synapses_delay;
    outfile__dynamic_array_synapses_delay.open(results_dir + "_dynamic_array_synapses_delay_3246960869", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_delay.is_open())
    {
        if (! _dynamic_array_synapses_delay.empty() )
        {
            outfile__dynamic_array_synapses_delay.write(reinterpret_cast<char*>(&_dynamic_array_synapses_delay[0]), _dynamic_array_synapses_delay.size()*sizeof(_dynamic_array_synapses_delay[0]));
            outfile__dynamic_array_synapses_delay.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_delay." << endl;
    }
    ofstream outfile__dynamic_array_synapses_delay_1;
    outfile__dynamic_array_synapses_delay_1.open(results_dir + "_dynamic_array_synapses_delay_1_3310102259", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_delay_1.is_open())
    {
        if (! _dynamic_array_synapses_delay_1.empty() )
        {
            outfile__dynamic_array_synapses_delay_1.write(reinterpret_cast<char*>(&_dynamic_array_synapses_delay_1[0]), _dynamic_array_synapses_delay_1.size()*sizeof(_dynamic_array_synapses_delay_1[0]));
            outfile__dynamic_array_synapses_delay_1.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_delay_1." << endl;
    }
    ofstream outfile__dynamic_array_synapses_lastupdate;
    outfile__dynamic_array_synapses_lastupdate.open(results_dir + "_dynamic_array_synapses_lastupdate_3710850267", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_lastupdate.is_open())
    {
        if (! _dynamic_array_synapses_lastupdate.empty() )
        {
            outfile__dynamic_array_synapses_lastupdate.write(reinterpret_cast<char*>(&_dynamic_array_synapses_lastupdate[0]), _dynamic_array_synapses_lastupdate.size()*sizeof(_dynamic_array_synapses_lastupdate[0]));
            outfile__dynamic_array_synapses_lastupdate.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_lastupdate." << endl;
    }
    ofstream outfile__dynamic_array_synapses_N_incoming;
    outfile__dynamic_array_synapses_N_incoming.open(results_dir + "_dynamic_array_synapses_N_incoming_1151751685", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_N_incoming.is_open())
    {
        if (! _dynamic_array_synapses_N_incoming.empty() )
        {
            outfile__dynamic_array_synapses_N_incoming.write(reinterpret_cast<char*>(&_dynamic_array_synapses_N_incoming[0]), _dynamic_array_synapses_N_incoming.size()*sizeof(_dynamic_array_synapses_N_incoming[0]));
            outfile__dynamic_array_synapses_N_incoming.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_N_incoming." << endl;
    }
    ofstream outfile__dynamic_array_synapses_N_outgoing;
    outfile__dynamic_array_synapses_N_outgoing.open(results_dir + "_dynamic_array_synapses_N_outgoing_1673144031", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_N_outgoing.is_open())
    {
        if (! _dynamic_array_synapses_N_outgoing.empty() )
        {
            outfile__dynamic_array_synapses_N_outgoing.write(reinterpret_cast<char*>(&_dynamic_array_synapses_N_outgoing[0]), _dynamic_array_synapses_N_outgoing.size()*sizeof(_dynamic_array_synapses_N_outgoing[0]));
            outfile__dynamic_array_synapses_N_outgoing.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_N_outgoing." << endl;
    }
    ofstream outfile__dynamic_array_synapses_w;
    outfile__dynamic_array_synapses_w.open(results_dir + "_dynamic_array_synapses_w_441891901", ios::binary | ios::out);
    if(outfile__dynamic_array_synapses_w.is_open())
    {
        if (! _dynamic_array_synapses_w.empty() )
        {
            outfile__dynamic_array_synapses_w.write(reinterpret_cast<char*>(&_dynamic_array_synapses_w[0]), _dynamic_array_synapses_w.size()*sizeof(_dynamic_array_synapses_w[0]));
            outfile__dynamic_array_synapses_w.close();
        }
    } else
    {
        std::cout << "Error writing output file for _dynamic_array_synapses_w." << endl;
    }

    // Write last run info to disk
    ofstream outfile_last_run_info;
    outfile_last_run_info.open(results_dir + "last_run_info.txt", ios::out);
    if(outfile_last_run_info.is_open())
    {
        outfile_last_run_info << (Network::_last_run_time) << " " << (Network::_last_run_completed_fraction) << std::endl;
        outfile_last_run_info.close();
    } else
    {
        std::cout << "Error writing last run info to file." << std::endl;
    }
}

void _dealloc_arrays()
{
    using namespace brian;


    // static arrays
    if(_static_array__array_synapses_sources!=0)
    {
        delete [] _static_array__array_synapses_sources;
        _static_array__array_synapses_sources = 0;
    }
    if(_static_array__array_synapses_targets!=0)
    {
        delete [] _static_array__array_synapses_targets;
        _static_array__array_synapses_targets = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup_1__timebins!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup_1__timebins;
        _static_array__dynamic_array_spikegeneratorgroup_1__timebins = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup_1_neuron_index!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup_1_neuron_index;
        _static_array__dynamic_array_spikegeneratorgroup_1_neuron_index = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup_1_spike_number!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup_1_spike_number;
        _static_array__dynamic_array_spikegeneratorgroup_1_spike_number = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup_1_spike_time!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup_1_spike_time;
        _static_array__dynamic_array_spikegeneratorgroup_1_spike_time = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup__timebins!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup__timebins;
        _static_array__dynamic_array_spikegeneratorgroup__timebins = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup_neuron_index!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup_neuron_index;
        _static_array__dynamic_array_spikegeneratorgroup_neuron_index = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup_spike_number!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup_spike_number;
        _static_array__dynamic_array_spikegeneratorgroup_spike_number = 0;
    }
    if(_static_array__dynamic_array_spikegeneratorgroup_spike_time!=0)
    {
        delete [] _static_array__dynamic_array_spikegeneratorgroup_spike_time;
        _static_array__dynamic_array_spikegeneratorgroup_spike_time = 0;
    }
}

