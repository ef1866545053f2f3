# A worker of an elastic batch, written from docs/elastic-batch.md alone; core modules only.
use strict;
use warnings;
use Cwd qw(getcwd);
use Encode qw(encode_utf8);
use File::Basename qw(basename dirname);
use File::Path qw(make_path remove_tree);
use IO::Handle;
use IO::Socket::UNIX;
use JSON::PP;

$SIG{PIPE} = 'IGNORE';    # a connection that broke is an error like others
my $json = JSON::PP->new->utf8->canonical;
my $worker = ($ENV{MILLWORK_WORKER_NAME} // 'perl') . "/$$";
my $output = $ENV{PAI_OUTPUT_WORDS} =~ s{/$}{}r;
my $connection;

# --- the service ---------------------------------------------------------------------------------

# A socket's address has 107 bytes at most, so it is called by its name from its folder.
sub connected {
    my ($path, $here) = ($ENV{MILLWORK_SHARDS}, getcwd);
    chdir dirname $path or return;
    my $found = IO::Socket::UNIX->new(Peer => basename $path);
    chdir $here or die "$here: $!";
    return $found;
}

# Status and content of the answer; nothing if the connection broke.
sub asked {
    my ($request) = @_;
    $connection //= connected or return;
    print {$connection} $request or return;
    $connection->flush or return;
    my $line = <$connection> // return;
    my ($status) = $line =~ m{^HTTP/1\.1 (\d+)} or return;
    my $size = 0;
    while (defined($line = <$connection>) && $line ne "\r\n") {
        $size = $1 if $line =~ /^content-length:\s*(\d+)/i;
    }
    return unless defined $line;
    my $text = '';
    read($connection, $text, $size) == $size or return if $size;
    return ($status, $json->decode($text || '{}'));
}

# Calls until there is an answer: the service may end, and come back at the same address.
sub call {
    my ($verb, $body) = @_;
    my $text = $json->encode($body);
    my $request = join "\r\n", "POST /api/v1/shards/$verb HTTP/1.1", 'Host: millwork',
        "Authorization: Bearer $ENV{MILLWORK_SHARDS_TOKEN}", 'Content-Type: application/json',
        'Content-Length: ' . length $text, '', $text;
    for my $try (1 .. 300) {
        my ($status, $content) = asked($request);
        return $content if $status && $status == 200;
        die "the service says no: $status $content->{message}\n"
            if $status && $status < 500 && $status !~ /^(?:408|425|429)$/;
        $connection = undef;
        select undef, undef, undef, $try < 20 ? 0.1 * $try : 2;
    }
    die "the service does not answer\n";
}

# --- a shard -------------------------------------------------------------------------------------

sub sync {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    $file->sync or die "$path: $!\n";
}

sub counted {
    my ($path) = @_;
    my $bytes = encode_utf8($path);
    open my $file, '<', $bytes or die "$bytes: $!\n";
    my ($lines, $words) = (0, 0);
    while (my $line = <$file>) {
        $lines++;
        $words += () = $line =~ /\S+/g;
    }
    my $name = substr $path, length("$ENV{PAI_INPUT_FILES}/");
    return { file => $name, lines => $lines, words => $words };
}

# Works on a shard, keeping its lease; true if its output is on the disk.
sub worked {
    my ($shard, $folder) = @_;
    my $due = time + $shard->{seconds} / 3;
    make_path $folder;
    open my $file, '>', "$folder/words.jsonl" or die "$folder: $!\n";
    for my $path (@{ $shard->{files} }) {
        print {$file} $json->encode(counted($path)), "\n" or die "$folder: $!\n";
        next if time < $due;
        my $kept = call(renew => { worker => $worker, tokens => [ $shard->{token} ] });
        return if @{ $kept->{lost} };
        $due = time + $shard->{seconds} / 3;
    }
    close $file or die "$folder: $!\n";
    sync($_) for "$folder/words.jsonl", $folder, dirname($folder), $output;
    return 1;
}

while (1) {
    my $leased = call(lease => { worker => $worker, max => 1, wait => 20, held => [] });
    for my $shard (@{ $leased->{shards} }) {
        my $token = $shard->{token};
        my $folder = "$output/.parts/$shard->{id}." . substr $token, 0, 8;
        my $is_whole = eval { worked($shard, $folder) };
        my $error = $@;
        my $is_kept = 0;
        if ($is_whole) {
            my $result = { token => $token, ok => scalar @{ $shard->{files} }, failed => 0 };
            $is_kept = call(done => { results => [$result] })->{accepted}[0];
        }
        elsif ($error) {
            call(fail => { token => $token, error => $error });
        }
        remove_tree $folder unless $is_kept;
    }
    last if $leased->{done};
}
